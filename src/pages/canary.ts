import { html, type SafeHtml } from '@remix-run/html-template';
import type { CanaryPhase, CanaryRow, CanaryRun } from '../cinder/canary.ts';
import { DAY } from '../duration.ts';
import { withoutControls } from '../text.ts';
import { backendLink } from './address.ts';
import { age, countText, name } from './components.ts';
import type { CloudNow } from './listing.ts';

/** What the canary of each cloud found: a row for each of its volume types. Nothing where there is no canary. */
export function canaryTable(clouds: readonly CloudNow[], nowMs: number, several: boolean): SafeHtml {
  const rows = clouds.flatMap(({ name: cloud, snapshot }) =>
    (snapshot?.canary ?? []).map((row) => canaryRow(cloud, row, nowMs, several)),
  );
  if (rows.length === 0) return html``;
  const heads = ['Volume type', 'Backend', 'Last round', 'Made in', 'Deleted in', 'Last 24 h'];
  return html`<section aria-labelledby="canary" data-key="canary">
    <h2 id="canary">Canary</h2>
    <table class="clouds rounds" role="table">
      <caption class="unseen">
        Volumes that are made and taken away
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${heads.map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function canaryRow(cloud: string, row: CanaryRow, nowMs: number, several: boolean): SafeHtml {
  const { volumeType, backend, last, leaked = 0, paused } = row;
  const took = (phase: CanaryPhase): SafeHtml => {
    const ms = last?.tookMs[phase];
    return ms === undefined ? html`<span class="quiet">–</span>` : html`${(ms / 1000).toFixed(1)} s`;
  };
  return html` <tr role="row" data-key="canary ${cloud} ${withoutControls(volumeType)}">
    <th role="rowheader" scope="row">
      ${name(volumeType)}${several ? html` <span class="quiet">cloud ${name(cloud)}</span>` : ''}
    </th>
    <td role="cell" class="on">
      ${backend === undefined ? html`<span class="quiet">several</span>` : html`<a class="host" href="${backendLink(cloud, backend)}">${name(backend)}</a>`}
    </td>
    <td role="cell" class="result">
      ${resultOf(last, nowMs)}
      ${paused === undefined ? '' : html`<p class="quiet">waits: ${withoutControls(paused.message)}</p>`}
      ${leaked === 0 ? '' : html`<p class="quiet">${countText(leaked, 'volume')} left over</p>`}
    </td>
    <td role="cell" class="took" data-head="made in">${took('create')}</td>
    <td role="cell" class="took" data-head="deleted in">${took('delete')}</td>
    <td role="cell" class="past">${roundsOf(row, nowMs)}</td>
  </tr>`;
}

function resultOf(last: CanaryRun | undefined, nowMs: number): SafeHtml {
  if (last === undefined) return html`<span class="quiet">none yet</span>`;
  const { failure, success } = last;
  const ago = html`${age(last.atMs, nowMs)} ago`;
  if (success === true) return html`<span aria-hidden="true">✓</span> well, ${ago}`;
  return html`<span aria-hidden="true">✕</span> failed to ${failure?.phase ?? 'end'}, ${ago}
    <p class="quiet">${withoutControls(failure?.message ?? '')}</p>`;
}

const WIDTH = 720;
const HEIGHT = 16;
const MARK_WIDTH = 5;
/** A failure is taller, so that it is seen without its colour. */
const KINDS = {
  well: { colour: 'f-up', height: 6 },
  silent: { colour: 'f-unknown', height: 9 },
  failed: { colour: 'f-failing', height: HEIGHT },
} as const;

function kindOf({ success }: CanaryRun): keyof typeof KINDS {
  if (success === undefined) return 'silent';
  return success ? 'well' : 'failed';
}

/** A mark for each round of the last 24 hours, and the same in words. */
function roundsOf({ runs }: CanaryRow, nowMs: number): SafeHtml {
  const shown = runs.filter(({ atMs }) => atMs > nowMs - DAY && atMs <= nowMs);
  const count = (kind: keyof typeof KINDS): number => shown.filter((run) => kindOf(run) === kind).length;
  const silent = count('silent');
  const words = `Last 24 h: ${countText(shown.length, 'round')}, ${count('failed')} failed${silent > 0 ? `, ${silent} without a verdict` : ''}`;
  return html`<svg
    class="strip"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${words}"
  >
    ${shown.map((run) => {
      const { colour, height } = KINDS[kindOf(run)];
      const x = ((run.atMs - (nowMs - DAY)) / DAY) * (WIDTH - MARK_WIDTH);
      return html`<rect
        class="${colour}"
        x="${x.toFixed(1)}"
        y="${HEIGHT - height}"
        width="${MARK_WIDTH}"
        height="${height}"
      />`;
    })}
  </svg>`;
}
