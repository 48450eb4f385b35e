import type { Lab } from '../lab/lab.ts';
import { setEnabled } from './e2e-cinder.ts';
import type { SecondEvent, Story } from './e2e-fault.ts';
import { ASSUMED, emptyType, goesBlind } from './e2e-faults-backends.ts';
import { CACHES_NO_MORE } from './incidents.ts';
import { RESOLVED_RETENTION_MS, SCALE } from './e2e-site.ts';

/** Longer than a critical alert outlives its cause: what has wrongly ended is resolved by then. */
const SHORT_MS = 25_000;
/** Longer than that and the exporter's first guess together: what has wrongly begun is told by then. */
const LONG_MS = 40_000;

/** Two schedulers, one of which never hears of a backend whose driver is silent. */
const DISAGREE = 'CinderSchedulersDisagree';
/** Of the second one, from its end until its row is removed, which takes a slow machine half a minute. */
const LEFT_OVER_ROW = 'CinderServiceDown lab-b cinder-scheduler';

const exporterRestarts: SecondEvent = {
  name: 'the exporter restarts',
  happens: async (site) => {
    await site.stopExporter();
    await site.startExporter();
  },
  lastsMs: SHORT_MS,
};
const prometheusRestarts: SecondEvent = {
  name: 'Prometheus restarts',
  happens: ({ prometheus }) => prometheus.restart(),
  lastsMs: SHORT_MS,
};
const alertmanagerRestarts: SecondEvent = {
  name: 'Alertmanager restarts',
  happens: ({ alertmanager }) => alertmanager.restart(),
  lastsMs: SHORT_MS,
};

/** What happens to whoever watches, while the control plane is out. */
export const RESTARTS: readonly SecondEvent[] = [exporterRestarts, prometheusRestarts, alertmanagerRestarts];

/** While the trouble is no backend's. */
export const ONE_IS_DISABLED: SecondEvent = {
  name: 'an operator disables a backend that is well',
  happens: ({ lab }) => setEnabled(lab, ['lab@nas'], false),
  lastsMs: SHORT_MS,
  may: ['CinderServiceDisabledTooLong lab@nas cinder-volume'],
  ends: ({ lab }) => setEnabled(lab, ['lab@nas'], true),
};

/** What happens while backends are out, to whoever watches, and to the schedulers that they are seen through. */
export const SECOND_EVENTS: readonly SecondEvent[] = [
  ...RESTARTS,
  {
    name: 'a second scheduler is started, which has never heard of what is silent',
    happens: ({ lab }) => lab.start('cinder-scheduler-b'),
    lastsMs: LONG_MS,
    may: [DISAGREE, LEFT_OVER_ROW],
    ends: ({ lab }) => endSecondScheduler(lab),
  },
  {
    name: 'the scheduler restarts, as the runbook orders, and has never heard of it either',
    happens: ({ lab }) => restartScheduler(lab),
    lastsMs: LONG_MS,
  },
  {
    name: 'the exporter restarts, and nobody but Prometheus remembers',
    happens: exporterRestarts.happens,
    lastsMs: LONG_MS,
  },
  {
    name: 'RabbitMQ restarts',
    happens: ({ lab }) => lab.restart('rabbitmq'),
    lastsMs: LONG_MS,
    // At this pace it is away for minutes, and that is told.
    may: ['CinderSchedulerNotAnswering', 'CinderSchedulerDown'],
  },
];

const single = 'CinderBackendDown lab@single';
const nas = 'CinderBackendStatsStale lab@nas';
const gold = 'CinderVolumeTypeDown lab@single gold';
const onHost = ['one', 'two', 'three'].map((name) => `lab-b@${name}`);
const unitsOnHost = ['one', 'two', 'three'].map((name) => `volume-${name}-b`);

/** One thing first, then another. The lab has, beside what the faults need, three backends of one more host. */
export const ORDERED_STORIES: readonly Story[] = [
  {
    name: 'the outage and the restart of the scheduler come together: paged, although no scheduler has ever heard of it since',
    async play({ lab }, seen) {
      await lab.backend('nas', { _fail_stats: 'no answer from 192.0.2.7' });
      await restartScheduler(lab);
      await seen.becomes({ pages: [nas] });
      await seen.stays(LONG_MS);
      await lab.backend('nas', { _fail_stats: null });
    },
    mends: ({ lab }) => mend(lab),
  },
  {
    name: 'the outage, the restart of the scheduler and that of the exporter come together: nobody knows, and that is a page',
    async play(site, seen) {
      await site.stopExporter();
      await site.lab.backend('nas', { _fail_stats: 'no answer from 192.0.2.7' });
      await restartScheduler(site.lab);
      await site.startExporter();
      await seen.becomes({ pages: ['CinderBackendStateUnknown lab@nas'] });
      await seen.stays();
      await site.lab.backend('nas', { _fail_stats: null });
    },
    mends: async (site) => {
      await site.startExporter();
      await mend(site.lab);
    },
  },
  {
    name: 'paged, then another alert about the same backend for long, mended meanwhile: one incident; the next outage pages again',
    async play({ lab }, seen) {
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single], muted: [gold] });
      await lab.kill('volume-single');
      await seen.becomes({ pages: ['CinderVolumeServiceDown lab@single'], muted: [gold] });
      await lab.backend('single', { backend_state: 'up' });
      // Until Prometheus has stopped to say that the first has ended.
      await seen.stays(RESOLVED_RETENTION_MS + 15_000);
      await lab.start('volume-single');
      await seen.becomes({});
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single], muted: [gold] });
      await lab.backend('single', { backend_state: 'up' });
    },
    mends: ({ lab }) => mend(lab),
  },
];

const blind = 'CinderVolumeServiceDown lab@blind';
const empty = 'CinderBackendCapacityVanished lab@empty';

/** A fault that becomes another: for the night, with every release. */
export const CHANGING_STORIES: readonly Story[] = [
  {
    name: 'the array of a driver that caches is away, and nobody can tell; its cinder-volume dies: one page; it comes back, the array does not: that page ends',
    async play({ lab }, seen) {
      seen.allows([ASSUMED]);
      await goesBlind(lab);
      await seen.stays(SHORT_MS);
      await lab.kill('volume-blind');
      await seen.becomes({ pages: [blind], muted: ['CinderVolumeTypeDown lab@blind blind'] });
      await lab.start('volume-blind');
      await seen.becomes({});
      await seen.stays(SHORT_MS);
      await lab.backend('blind', CACHES_NO_MORE);
    },
    mends: ({ lab }) => mendChanging(lab),
  },
  {
    name: 'no capacity, then no stats, then no cinder-volume; it comes back, and the capacity does not: one incident until the array is back',
    async play({ lab }, seen) {
      await lab.backend('empty', { total_capacity_gb: 0, free_capacity_gb: 0 });
      await seen.becomes({ pages: [empty], muted: [emptyType] });
      await lab.backend('empty', { _fail_stats: 'no answer from 192.0.2.8' });
      await seen.becomes({ pages: ['CinderBackendStatsStale lab@empty'], muted: [emptyType] });
      await lab.kill('volume-empty');
      await seen.becomes({ pages: ['CinderVolumeServiceDown lab@empty'], muted: [emptyType] });
      await lab.backend('empty', { _fail_stats: null });
      await lab.start('volume-empty');
      await seen.becomes({ pages: [empty], muted: [emptyType] });
      await lab.backend('empty', { total_capacity_gb: 100, free_capacity_gb: 40 });
    },
    mends: ({ lab }) => mendChanging(lab),
  },
];

/** The same, for the night: `.ci/night` plays them. */
export const NIGHT_STORIES: readonly Story[] = [
  {
    name: 'a machine with three cinder-volume dies: one page; two of them come back: the third has its own',
    async play({ lab }, seen) {
      await lab.kill(...unitsOnHost);
      const muted = onHost.map((host) => `CinderVolumeServiceDown ${host}`);
      await seen.becomes({ pages: ['CinderVolumeHostDown lab-b'], muted });
      await seen.stays(SHORT_MS);
      // One is back before the other.
      seen.allows(muted.filter((line) => !line.endsWith('@three')));
      await lab.start('volume-one-b', 'volume-two-b');
      await seen.becomes({ pages: ['CinderVolumeServiceDown lab-b@three'] });
      await lab.start('volume-three-b');
    },
    mends: ({ lab }) => mend(lab),
  },
  {
    name: 'a clock was ahead and is put right: the pools stand still, and that is told; the restart of the scheduler mends it',
    async play({ lab }, seen) {
      const may = ['CinderServiceClockSkew lab@well cinder-volume'];
      await lab.backend('well', { _clock_ahead: 3600 });
      await seen.becomes({ may });
      await seen.stays(SHORT_MS);
      await lab.backend('well', { _clock_ahead: null });
      await seen.becomes({ pages: ['CinderBackendStatsStale lab@well'] });
      await seen.stays();
      await restartScheduler(lab);
    },
    mends: ({ lab }) => mend(lab),
  },
  {
    name: 'with two schedulers a driver falls silent, and the one that remembers restarts: one page',
    async play({ lab }, seen) {
      seen.allows([DISAGREE, LEFT_OVER_ROW]);
      await lab.start('cinder-scheduler-b');
      await seen.stays(SHORT_MS);
      await lab.backend('nas', { _fail_stats: 'no answer from 192.0.2.7' });
      await seen.becomes({ pages: [nas] });
      await restartScheduler(lab, 'cinder-scheduler-b');
      await seen.stays(LONG_MS);
      await restartScheduler(lab);
      await seen.stays(LONG_MS);
      await lab.backend('nas', { _fail_stats: null });
      await seen.becomes({});
      await endSecondScheduler(lab);
    },
    mends: ({ lab }) => mend(lab),
  },
];

/** The lab of the control plane has `single` and `nas`, which are all. */
export const WHOLE_STORIES: readonly Story[] = [
  {
    name: 'one is out and paged, then all are; all are mended while that lasts; the next outage of the first pages again',
    async play({ lab }, seen) {
      const all = 'CinderAllBackendsDown';
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single] });
      await lab.backend('nas', { backend_state: 'down' });
      await seen.becomes({ pages: [single, all], muted: ['CinderBackendDown lab@nas'] });
      await seen.stays(SHORT_MS);
      // Each driver reports at a time of its own: the one that comes later is out alone for a moment.
      seen.allows(['CinderBackendDown lab@nas']);
      await mendWhole(lab);
      await seen.becomes({});
      // Past what Prometheus says of the first, and past the end of the page for all.
      await seen.stays(RESOLVED_RETENTION_MS);
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [single] });
      await lab.backend('single', { backend_state: 'up' });
    },
    mends: ({ lab }) => mendWhole(lab),
  },
  {
    name: 'all are silent and paged, then the scheduler restarts: that page stands in the middle of a full outage',
    async play({ lab }, seen) {
      for (const name of ['single', 'nas']) await lab.backend(name, { _fail_stats: 'no answer from 192.0.2.7' });
      const muted = ['single', 'nas'].map((name) => `CinderBackendStatsStale lab@${name}`);
      await seen.becomes({ pages: ['CinderAllBackendsDown'], muted });
      await restartScheduler(lab);
      await seen.stays(LONG_MS + 10 * 60_000 * SCALE);
      seen.allows(muted);
      await mendWhole(lab);
    },
    mends: ({ lab }) => mendWhole(lab),
  },
];

/** Told to stop it takes some seconds, which are minutes at this pace. */
async function restartScheduler(lab: Lab, unit = 'cinder-scheduler'): Promise<void> {
  await lab.kill(unit);
  await lab.start(unit);
}

async function endSecondScheduler(lab: Lab): Promise<void> {
  await lab.kill('cinder-scheduler-b');
  await lab.forget('cinder-scheduler', 'lab-b');
}

async function mend(lab: Lab): Promise<void> {
  await lab.backend('well', { _clock_ahead: null });
  await lab.backend('single', { backend_state: 'up' });
  await lab.backend('nas', { _fail_stats: null });
  await lab.start('volume-single', ...unitsOnHost);
  await endSecondScheduler(lab).catch(() => undefined);
  await restartScheduler(lab);
}

async function mendChanging(lab: Lab): Promise<void> {
  await lab.backend('blind', CACHES_NO_MORE);
  await lab.backend('empty', { total_capacity_gb: 100, free_capacity_gb: 40, _fail_stats: null });
  await lab.start('volume-blind', 'volume-empty');
}

async function mendWhole(lab: Lab): Promise<void> {
  for (const name of ['single', 'nas']) await lab.backend(name, { backend_state: 'up', _fail_stats: null });
}
