import type { Lab } from '../lab/lab.ts';
import type { Story } from './e2e-fault.ts';

const nas = 'CinderBackendDown lab@nas';
const tape = 'CinderVolumeServiceDown lab@tape';

/** What was known stands while nobody can see; what has changed meanwhile is told afterwards. The lab has `single`, `pools`, `nas` and `tape`. */
export const SEVERAL_STORIES: readonly Story[] = [
  {
    name: 'the scheduler restarts while a backend is down: its one page stands, although nothing is known for a moment',
    async play({ lab }, seen) {
      await lab.backend('nas', { backend_state: 'down' });
      await seen.becomes({ pages: [nas] });
      await lab.restart('cinder-scheduler');
      await seen.stays(25_000);
      await mend(lab);
    },
    mends: ({ lab }) => mend(lab),
  },
  {
    name: 'RabbitMQ stops while a backend is down; then a cinder-volume dies, which is seen, and a driver says down, which is not',
    async play({ lab }, seen) {
      await lab.backend('nas', { backend_state: 'down' });
      await seen.becomes({ pages: [nas] });
      await lab.stop('rabbitmq');
      await seen.becomes({ pages: [nas, 'CinderSchedulerNotAnswering'] });
      await lab.kill('volume-tape');
      await lab.backend('single', { backend_state: 'down' });
      await seen.becomes({ pages: [nas, 'CinderSchedulerNotAnswering', tape] });
      await seen.stays();
      await lab.start('rabbitmq');
      await seen.becomes({
        pages: [nas, tape, 'CinderBackendDown lab@single'],
        muted: ['CinderVolumeTypeDown lab@single gold'],
      });
      await seen.stays();
      await mend(lab);
    },
    mends: ({ lab }) => mend(lab),
  },
  {
    name: 'the API stops while a backend is down; it is mended unseen, and others break unseen',
    async play({ lab }, seen) {
      await lab.backend('nas', { backend_state: 'down' });
      await seen.becomes({ pages: [nas] });
      await lab.stop('cinder-api');
      await seen.becomes({ pages: [nas, 'CinderAPIUnreachable'] });
      await lab.backend('nas', { backend_state: 'up' });
      await lab.stop('volume-tape');
      await lab.backend('pools', { _fail_stats: 'no answer from 192.0.2.9' });
      await seen.stays();
      await lab.start('cinder-api');
      await seen.becomes({ pages: [tape, 'CinderBackendStatsStale lab@pools'] });
      await seen.stays();
      await mend(lab);
    },
    mends: ({ lab }) => mend(lab),
  },
];

async function mend(lab: Lab): Promise<void> {
  await lab.start('rabbitmq', 'cinder-scheduler', 'cinder-api', 'volume-tape');
  for (const name of ['single', 'nas']) await lab.backend(name, { backend_state: 'up' });
  await lab.backend('pools', { _fail_stats: null });
}
