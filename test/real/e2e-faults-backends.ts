import type { Lab } from '../openstack/lab.ts';
import { serviceIsDown, statsSayDown } from './e2e-cinder.ts';
import type { Fault, Story } from './e2e-fault.ts';
import { threePools } from './incidents.ts';

const volume = { binary: 'cinder-volume' };
/** The volume type that only `single` can serve: its alert has that host, and is muted by the page of the backend. */
const gold = 'CinderVolumeTypeDown lab@single gold';

/** What happens to single backends. The lab has `single`, `pools` (three of them), `nas` and `tape`. */
export const BACKEND_FAULTS: readonly Fault[] = [
  {
    name: 'the driver reports down',
    breaks: (lab) => lab.backend('single', { backend_state: 'down' }),
    mends: (lab) => lab.backend('single', { backend_state: 'up' }),
    shows: statsSayDown('lab@single'),
    expected: { pages: ['CinderBackendDown lab@single'], unheard: [gold] },
  },
  {
    name: 'one pool of three reports down',
    breaks: (lab) => lab.backend('pools', threePools('down', 'up', 'up')),
    mends: (lab) => lab.backend('pools', threePools('up', 'up', 'up')),
    shows: statsSayDown('lab@pools'),
    expected: { tickets: ['CinderPoolDown lab@pools p 0/ä'] },
  },
  {
    name: 'get_volume_stats raises',
    breaks: (lab) => lab.backend('single', { _fail_stats: 'no answer from 192.0.2.7' }),
    mends: (lab) => lab.backend('single', { _fail_stats: null }),
    expected: { pages: ['CinderBackendStatsStale lab@single'], unheard: [gold] },
  },
  {
    name: 'get_volume_stats hangs',
    breaks: (lab) => lab.backend('nas', { _sleep: 45 }),
    mends: (lab) => lab.backend('nas', { _sleep: null }),
    expected: { pages: ['CinderBackendStatsStale lab@nas'] },
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
    expected: { pages: ['CinderVolumeServiceDown lab@tape'] },
  },
  {
    name: 'cinder-volume stopped',
    breaks: (lab) => lab.stop('volume-single'),
    mends: (lab) => lab.start('volume-single'),
    shows: serviceIsDown('lab@single'),
    expected: { pages: ['CinderVolumeServiceDown lab@single'], unheard: [gold] },
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
      await lab.remove('tape');
      await seen.becomes({ tickets: ['CinderBackendVanished lab@tape'] });
      await seen.stays();
      await lab.restore('tape');
    },
    mends: ({ lab }) => lab.restore('tape'),
  },
  {
    name: 'three at once: one is down, one has no fresh stats, one is disabled',
    async play({ lab }, seen) {
      await lab.action('disable-log-reason', { host: 'lab@pools', ...volume, disabled_reason: 'CHG-2' });
      await lab.backend('nas', { _fail_stats: 'no answer from 192.0.2.8' });
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({
        pages: ['CinderBackendDown lab@single', 'CinderBackendStatsStale lab@nas'],
        unheard: [gold],
        may: ['CinderServiceDisabledTooLong lab@pools cinder-volume'],
      });
      await seen.stays();
      // One is mended, the others stay as they are.
      await lab.backend('single', { backend_state: 'up' });
      await seen.becomes({ pages: ['CinderBackendStatsStale lab@nas'] });
      await mendThree(lab);
    },
    mends: ({ lab }) => mendThree(lab),
  },
];

async function unfreeze(lab: Lab): Promise<void> {
  await lab.action('thaw', { host: 'lab@single' });
  await lab.action('enable', { host: 'lab@nas', ...volume });
}

async function mendThree(lab: Lab): Promise<void> {
  await lab.backend('single', { backend_state: 'up' });
  await lab.backend('nas', { _fail_stats: null });
  await lab.action('enable', { host: 'lab@pools', ...volume });
}
