import { html } from '@remix-run/html-template';
import type { Wanted } from './address.ts';
import { cloudsPart } from './clouds-part.ts';
import { countsPart, filterPart, pagesPart, type Place } from './filter-part.ts';
import { headlineOf } from './headline.ts';
import { headlinePart } from './headline-part.ts';
import { layout } from './layout.ts';
import { list, type CloudNow } from './listing.ts';
import { age, name } from './parts.ts';
import type { Scene } from './scene.ts';
import { tablePart } from './table-part.ts';
import { troublePart } from './trouble-part.ts';

/** The backends of all clouds, or of the one that is named, worst first. */
export function overviewPage(scene: Scene, only: CloudNow | undefined, wanted: Wanted): string {
  const clouds = only ? [only] : scene.clouds;
  const several = clouds.length > 1;
  const place: Place =
    only && scene.clouds.length > 1 ? { page: 'cloud', name: only.name } : { page: './', name: undefined };
  const listing = list(clouds, wanted);
  const headline = headlineOf(clouds);
  const empty = listing.total > 0 ? 'No backend matches this filter.' : 'There is no backend to show.';
  return layout(scene, {
    title: headline.short,
    tone: headline.tone,
    trail: only && scene.clouds.length > 1 ? [html`<span aria-current="page">${name(only.name)}</span>`] : [],
    body: html`${headlinePart(headline, scene.nowMs)} ${several ? '' : refreshed(clouds[0], scene)}
      ${clouds.map((cloud) => troublePart(cloud, scene.nowMs, several))} ${several ? cloudsPart(scene) : ''}
      <section aria-labelledby="backends" data-key="backends">
        <h2 id="backends" class="${several ? '' : 'unseen'}">Backends</h2>
        ${countsPart(listing, place, wanted)} ${listing.total > 1 ? filterPart(listing, place, wanted) : ''}
        ${listing.entries.length > 0 ? tablePart(scene, listing.entries, several) : html`<p class="empty">${empty}</p>`}
        ${pagesPart(listing, place, wanted)}
      </section>`,
  });
}

function refreshed(cloud: CloudNow | undefined, { nowMs }: Scene) {
  if (!cloud?.snapshot) return '';
  const { atMs, api, services } = cloud.snapshot;
  const schedulers = services.filter(({ binary }) => binary === 'cinder-scheduler');
  const alive = schedulers.filter(({ up, enabled }) => up === true && enabled !== false).length;
  return html`<p class="quiet facts">
    Refreshed ${age(atMs, nowMs)} ago from cloud
    ${name(cloud.name)}${schedulers.length > 0 ? html` · ${alive} of ${schedulers.length} schedulers up` : ''}${api?.max ? html` · API ${api.max}` : ''}
  </p>`;
}
