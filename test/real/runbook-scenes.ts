import type { Exposition } from '../support/exposition-parser.ts';
import type { Exporter } from '../support/exporter.ts';
import type { Lab } from '../lab/lab.ts';
import type { Scene } from '../runbooks/play.ts';
import { conditionOf } from './watched.ts';

/** Backends of the lab; `broken` never gets through its set-up. */
export const LAB_BACKENDS = ['single', 'pools', 'down', 'stale', 'mute', 'broken', 'gone', 'empty'];

/** The exporter beside it: short times, and volume types as often as the rest. */
export const DESK_CONFIG = `
defaults:
  interval: 2s
  max_random_delay: 0s
  stale_after: 8s
  volume_types_interval: 2s
  timeouts:
    scheduler_patience: 3s
`;

type Happen = (lab: Lab, exporter: Exporter) => Promise<void>;

/** Brings each scene about; they follow one another in this order. */
export const SCENES: Readonly<Record<Scene, Happen>> = {
  faults,
  // The pages of these two bring it about with commands of their own, and end it.
  frozen: singleIsWell,
  'failed over': singleIsWell,
  'left over': leftOver,
  'scheduler hangs': schedulerHangs,
};

async function faults(lab: Lab, exporter: Exporter): Promise<void> {
  // A driver that fails before the scheduler has heard of it: nobody knows.
  await lab.backend('mute', { _fail_stats: 'no answer from 192.0.2.7' });
  await lab.restart('cinder-scheduler');
  await exporter.waitFor('the new scheduler knows the others', (page) =>
    are(page, { 'lab@single': 'up', 'lab@stale': 'up', 'lab@mute': 'unknown' }),
  );
  await lab.backend('stale', { _fail_stats: 'no answer from 192.0.2.8' });
  await lab.backend('down', { backend_state: 'down' });
  await lab.backend('single', {
    backend_state: null,
    free_capacity_gb: 1,
    provisioned_capacity_gb: 300,
    max_over_subscription_ratio: '2.0',
    thin_provisioning_support: true,
  });
  await lab.backend('pools', {
    pools: [
      { pool_name: 'fast', backend_state: 'down', total_capacity_gb: 10, free_capacity_gb: 5, reserved_percentage: 0 },
      {
        pool_name: 'slow',
        backend_state: 'degraded',
        total_capacity_gb: 10,
        free_capacity_gb: 5,
        reserved_percentage: 0,
      },
    ],
  });
  // A driver whose array does not answer, and that publishes on.
  await lab.backend('empty', { total_capacity_gb: 0, free_capacity_gb: 0 });
  await lab.stop('volume-gone', 'cinder-backup');
  const conditions = {
    'lab@single': 'up_assumed',
    'lab@pools': 'degraded',
    'lab@down': 'down',
    'lab@stale': 'stale',
    'lab@mute': 'unknown',
    'lab@empty': 'failing',
    'lab@broken': 'service_down',
    'lab@gone': 'service_down',
  };
  await exporter.waitFor(
    'every backend has its fault',
    (page) => are(page, conditions) && page.value('cinder_service_state', { binary: 'cinder-backup' }) === 0,
  );
}

async function singleIsWell(_lab: Lab, exporter: Exporter): Promise<void> {
  await exporter.waitFor('lab@single is well', (page) => are(page, { 'lab@single': 'up_assumed' }));
}

async function leftOver(lab: Lab, exporter: Exporter): Promise<void> {
  await singleIsWell(lab, exporter);
  const row = { host: 'lab@single', binary: 'cinder-volume' };
  await lab.action('disable-log-reason', { ...row, disabled_reason: 'maintenance' });
  await lab.kill('volume-stale');
  await exporter.waitFor('one is disabled, one is dead', (page) =>
    are(page, { 'lab@single': 'disabled', 'lab@stale': 'service_down' }),
  );
}

async function schedulerHangs(lab: Lab, exporter: Exporter): Promise<void> {
  await lab.pause('cinder-scheduler');
  await exporter.waitFor(
    'nobody answers for pools',
    (page) =>
      page.value('cinder_scrape_collector_success', { collector: 'pools' }) === 0 &&
      page.value('cinder_service_state', { binary: 'cinder-scheduler' }) === 0,
  );
}

function are(page: Exposition, conditions: Readonly<Record<string, string>>): boolean {
  return Object.entries(conditions).every(([host, condition]) => conditionOf(page, host) === condition);
}
