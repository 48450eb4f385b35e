import type { Lab } from '../lab/lab.ts';
import { waitFor } from '../support/wait-for.ts';
import { poolsOf, serviceIsDown, statsSayDown, statsSayNoCapacity } from './e2e-cinder.ts';
import type { Fault, Story } from './e2e-fault.ts';
import { CACHES, CACHES_NO_MORE, threePools } from './incidents.ts';
import { askForVolume, makeVolume, volumesOf } from './runbook-volumes.ts';

const volume = { binary: 'cinder-volume' };
/** Three pools that are up, and a volume type that only `single` can serve. */
export async function prepareBackends(lab: Lab): Promise<void> {
  await lab.backend('pools', threePools('up', 'up', 'up'));
  await lab.volumeType('gold', { volume_backend_name: 'single' });
  await waitFor(
    'the three pools',
    async () => {
      const names = (await poolsOf(lab, 'lab@pools')).map(({ name }) => name);
      return names.length === 3 && names.every((name) => name.includes('#p ')) ? true : undefined;
    },
    60_000,
  );
}

/** The same, a volume on `empty`, and a volume type of `blind`. */
export async function prepareAllBackends(lab: Lab): Promise<void> {
  await prepareBackends(lab);
  for (const name of ['empty', 'blind']) await lab.volumeType(name, { volume_backend_name: name });
  await makeVolume(lab, 'kept', 'empty');
}

/** The volume type that only `single` can serve: its alert has that host, and is muted by the page of the backend. */
const gold = 'CinderVolumeTypeDown lab@single gold';

/** Its volume type has no other. */
export const emptyType = 'CinderVolumeTypeDown lab@empty empty';

/** That its driver never says whether it is up; it tells nobody. */
export const ASSUMED = 'CinderBackendStateAssumed lab@blind';

/** Its stats go on, and what is asked of it comes to nothing. */
export async function goesBlind(lab: Lab): Promise<void> {
  await lab.backend('blind', CACHES);
  await askForVolume(lab, 'refused', 'blind');
  await waitFor(
    'a creation fails',
    async () => {
      const refused = (await volumesOf(lab)).filter(({ name }) => name === 'refused');
      return refused.every(({ status }) => status === 'error') || undefined;
    },
    60_000,
  );
}

/** What happens to single backends, each to one of its own, so that all of it can happen at once. `well` stays as it is. */
export const BACKEND_FAULTS: readonly Fault[] = [
  {
    name: 'the driver reports down',
    breaks: (lab) => lab.backend('single', { backend_state: 'down' }),
    mends: (lab) => lab.backend('single', { backend_state: 'up' }),
    shows: statsSayDown('lab@single'),
    hosts: ['lab@single'],
    expected: { pages: ['CinderBackendDown lab@single'], muted: [gold] },
  },
  {
    name: 'one pool of three reports down',
    breaks: (lab) => lab.backend('pools', threePools('down', 'up', 'up')),
    mends: (lab) => lab.backend('pools', threePools('up', 'up', 'up')),
    shows: statsSayDown('lab@pools'),
    hosts: ['lab@pools'],
    expected: { tickets: ['CinderPoolDown lab@pools p 0/ä'] },
  },
  {
    name: 'get_volume_stats raises',
    breaks: (lab) => lab.backend('nas', { _fail_stats: 'no answer from 192.0.2.7' }),
    mends: (lab) => lab.backend('nas', { _fail_stats: null }),
    hosts: ['lab@nas'],
    expected: { pages: ['CinderBackendStatsStale lab@nas'] },
  },
  {
    name: 'get_volume_stats hangs',
    breaks: (lab) => lab.backend('hung', { _sleep: 100_000 }),
    mends: (lab) => lab.backend('hung', { _sleep: null }),
    hosts: ['lab@hung'],
    expected: { pages: ['CinderBackendStatsStale lab@hung'] },
  },
  {
    name: 'the driver fails to initialise',
    breaks: async (lab) => {
      await lab.backend('tape', { _fail_setup: 'no answer from 192.0.2.7' });
      await lab.restart('volume-tape');
    },
    mends: async (lab) => {
      await lab.backend('tape', { _fail_setup: null });
      await lab.restart('volume-tape');
    },
    shows: serviceIsDown('lab@tape'),
    hosts: ['lab@tape'],
    withoutService: true,
    expected: { pages: ['CinderVolumeServiceDown lab@tape'] },
  },
  {
    name: 'cinder-volume stopped',
    breaks: (lab) => lab.stop('volume-dead'),
    mends: (lab) => lab.start('volume-dead'),
    shows: serviceIsDown('lab@dead'),
    hosts: ['lab@dead'],
    withoutService: true,
    expected: { pages: ['CinderVolumeServiceDown lab@dead'] },
  },
  {
    name: 'the driver reports no capacity at all, while a volume is there',
    breaks: (lab) => lab.backend('empty', { total_capacity_gb: 0, free_capacity_gb: 0 }),
    mends: (lab) => lab.backend('empty', { total_capacity_gb: 100, free_capacity_gb: 40 }),
    shows: statsSayNoCapacity('lab@empty'),
    hosts: ['lab@empty'],
    expected: { pages: ['CinderBackendCapacityVanished lab@empty'], muted: [emptyType] },
  },
  {
    name: 'the array of a driver that caches does not answer: creations fail, and nobody can tell',
    breaks: goesBlind,
    mends: (lab) => lab.backend('blind', CACHES_NO_MORE),
    hosts: ['lab@blind'],
    expected: { may: [ASSUMED] },
  },
];

export const BACKEND_STORIES: readonly Story[] = [
  {
    name: 'one disabled with a reason, one frozen: nothing at first, information and a ticket when it lasts',
    async play({ lab }, seen) {
      await lab.action('disable-log-reason', { host: 'lab@nas', ...volume, disabled_reason: 'CHG-1: "shelf 3"\nü' });
      await lab.action('freeze', { host: 'lab@single' });
      const disabled = 'CinderServiceDisabledTooLong lab@nas cinder-volume';
      const frozen = 'CinderServiceFrozenTooLong lab@single';
      await seen.becomes({ pending: [disabled, frozen] });
      await seen.stays(20_000);
      await seen.becomes({ tickets: [frozen], unheard: [disabled] });
      await seen.stays();
      await unfreeze(lab);
    },
    mends: ({ lab }) => unfreeze(lab),
  },
  {
    name: 'a backend is removed from the configuration and its row deleted',
    async play({ lab }, seen) {
      // From the end of its process to the end of its row it is a dead service. A slow machine takes half a minute to remove a row.
      seen.allows(['CinderVolumeServiceDown lab@tape']);
      await lab.remove('tape');
      await seen.becomes({ tickets: ['CinderBackendVanished lab@tape'] });
      await seen.stays();
      await lab.restore('tape');
    },
    mends: ({ lab }) => lab.restore('tape'),
  },
];

async function unfreeze(lab: Lab): Promise<void> {
  await lab.action('thaw', { host: 'lab@single' });
  await lab.action('enable', { host: 'lab@nas', ...volume });
}
