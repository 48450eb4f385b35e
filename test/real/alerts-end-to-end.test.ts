import { after, before, describe, test } from 'node:test';
import { labRelease } from '../lab/release.ts';
import { playStory, Standing } from './e2e-fault.ts';
import type { Story } from './e2e-fault.ts';
import { BACKEND_FAULTS, BACKEND_STORIES, prepareAllBackends, prepareBackends } from './e2e-faults-backends.ts';
import { CONTROL_FAULTS, CONTROL_STORIES } from './e2e-faults-control.ts';
import { SEVERAL_STORIES } from './e2e-faults-several.ts';
import { timingTable, TIMINGS, writeLatencyPage } from './e2e-latency.ts';
import {
  CHANGING_STORIES,
  NIGHT_STORIES,
  ONE_IS_DISABLED,
  ORDERED_STORIES,
  RESTARTS,
  SECOND_EVENTS,
  WHOLE_STORIES,
} from './e2e-second-events.ts';
import { SCALE, startSite } from './e2e-site.ts';
import type { Site, SiteOptions } from './e2e-site.ts';

/** Starts a site before the tests of this `describe`, and ends it after them. */
function onSite(options: SiteOptions): () => Site {
  let site: Site | undefined;
  before(async () => {
    site = await startSite(options);
  });
  after(() => site?.close());
  return () => {
    if (site === undefined) throw new Error('the site did not start');
    return site;
  };
}

function stories(site: () => Site, all: readonly Story[]): void {
  for (const story of all) test(story.name, () => playStory(site(), story));
}

const BACKENDS: SiteOptions = {
  backends: ['single', 'pools', 'nas', 'hung', 'tape', 'dead', 'empty', 'blind', 'well', 'one-b', 'two-b', 'three-b'],
  who: 'admin',
  prepare: prepareAllBackends,
};

/** All faults of backends at once, then one second event after the other. */
function standing(site: () => Site): void {
  const faults = new Standing(site, BACKEND_FAULTS);
  test(`at once: ${BACKEND_FAULTS.map(({ name }) => name).join(', ')}`, async () => {
    await (await faults.begins()).stays();
  });
  for (const event of SECOND_EVENTS) test(`then ${event.name}`, () => faults.outlasts(event));
  test('then all are mended', () => faults.ends());
  // Cinder 29.0.0 enables a cinder-volume only by asking it: docs/upstream.md.
  const enabled = labRelease() === 21 ? BACKEND_FAULTS : BACKEND_FAULTS.filter(({ withoutService }) => !withoutService);
  const disabled = new Standing(site, enabled);
  // Anew, with a scheduler that has heard of all: whoever is disabled is forgotten, and one that has restarted knows nothing of what is silent.
  test('the same, and an operator disables all: each is told as ended; enabled while it lasts: each is told again', () =>
    disabled.isDisabled());
  test('then mended while disabled, and then enabled: nothing more is told', () => disabled.isMendedWhileDisabled());
}

function night(): void {
  describe('backends, at night', { concurrency: 1 }, () => {
    const site = onSite(BACKENDS);
    // Beside the other release `.ci/run` plays what stands.
    if (labRelease() === 29) standing(site);
    stories(site, labRelease() === 29 ? CHANGING_STORIES : [...CHANGING_STORIES, ...NIGHT_STORIES]);
  });
}

function day(): void {
  after(async () => {
    console.log(`Seconds from the fault to the webhook, at --scale ${SCALE}:\n\n${timingTable(TIMINGS)}`);
    if (process.env['UPDATE_DOCS'] === '1') await writeLatencyPage(TIMINGS);
  });

  describe('backends', { concurrency: 1 }, () => {
    const site = onSite(BACKENDS);
    standing(site);
    stories(site, [...ORDERED_STORIES, ...BACKEND_STORIES]);
  });

  describe('control plane', { concurrency: 1 }, () => {
    // Whoever does not see all extra specs cannot judge the volume types.
    const config = '  collectors: {volume_types: false, capabilities: false}\n';
    const site = onSite({ backends: ['single', 'nas'], who: 'monitor', config });
    for (const fault of CONTROL_FAULTS)
      describe(fault.name, () => {
        const faults = new Standing(site, [fault]);
        test('is paged', async () => {
          await (await faults.begins()).stays();
        });
        for (const event of RESTARTS) test(`then ${event.name}`, () => faults.outlasts(event));
        if (fault.hosts.length > 0)
          test('then an operator disables all: told as ended; enabled while it lasts: told again', () =>
            faults.isDisabled());
        else if (!fault.withoutApi) test(`then ${ONE_IS_DISABLED.name}`, () => faults.outlasts(ONE_IS_DISABLED));
        test('then it is mended', () => faults.ends());
      });
    stories(site, [...WHOLE_STORIES, ...CONTROL_STORIES]);
  });

  describe('several faults, and what is seen through them', { concurrency: 1 }, () => {
    const site = onSite({ backends: ['single', 'pools', 'nas', 'tape'], who: 'admin', prepare: prepareBackends });
    stories(site, SEVERAL_STORIES);
  });
}

// `.ci/night` plays what does not fit into `.ci/run`.
describe(
  `real Cinder ${labRelease()}, exporter, Prometheus with the shipped rules, Alertmanager, webhook`,
  { concurrency: 2 },
  process.env['NIGHT'] === '1' ? night : day,
);
