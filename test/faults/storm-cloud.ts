import type { CloudDefinition } from '../../src/simulator/definition.ts';

const CAPACITY = { total_capacity_gb: 100, free_capacity_gb: 50 };

/** A cloud with a backend in nearly every condition, so that a fault which changes any of them shows. */
export const STORM_CLOUD: CloudDefinition = {
  schedulers: ['n1'],
  backups: ['n1'],
  volumeTypes: [{ name: 'any "type"', extraSpecs: {} }],
  backends: [
    { host: 'n1.example@up', driver: { backend_state: 'up', ...CAPACITY } },
    { host: 'n1.example@silent', driver: { total_capacity_gb: 'infinite', free_capacity_gb: 'unknown' } },
    { host: 'n1.example@down "q"', driver: { backend_state: 'down' } },
    {
      host: 'n2@half',
      driver: {
        pools: [
          { pool_name: 'a', backend_state: 'down' },
          { pool_name: 'b', backend_state: 'up' },
        ],
      },
    },
    { host: 'n2@stale', driver: { backend_state: 'up', _fail_stats: 'no answer', ...CAPACITY }, statsAgeMs: 3_600_000 },
    { host: 'n2@off', driver: { backend_state: 'up' }, disabledReason: 'line 1\nline 2' },
    { host: 'n2@ice', driver: { backend_state: 'up' }, frozen: true },
    { host: 'n3@dead', driver: { backend_state: 'up' }, running: false, heartbeatAgeMs: 600_000 },
    { host: 'n4@ssd', cluster: 'k@ssd', driver: { backend_state: 'up' } },
  ],
};

/** The condition of each backend. */
export type Conditions = Readonly<Record<string, string>>;

const ROWS_ALONE = { 'n2@off': 'disabled', 'n2@ice': 'frozen', 'n3@dead': 'service_down' };

/** With the driver stats. */
export const BY_STATS: Conditions = {
  ...ROWS_ALONE,
  'n1.example@up': 'up',
  'n1.example@silent': 'up_assumed',
  'n1.example@down "q"': 'down',
  'n2@half': 'degraded',
  'n2@stale': 'stale',
  'k@ssd': 'up',
};

/** With the service list at 3.49 alone: its `up` is never proof, and it says nothing of clusters. Of several pools the last one speaks. */
export const BY_LIST: Conditions = {
  ...ROWS_ALONE,
  'n1.example@up': 'up_assumed',
  'n1.example@silent': 'up_assumed',
  'n1.example@down "q"': 'down',
  'n2@half': 'up_assumed',
  'n2@stale': 'up_assumed',
  'k@ssd': 'unknown',
};

/** With the list below 3.49 alone. */
export const BY_HEARTBEAT: Conditions = {
  ...ROWS_ALONE,
  'n1.example@up': 'unknown',
  'n1.example@silent': 'unknown',
  'n1.example@down "q"': 'unknown',
  'n2@half': 'unknown',
  'n2@stale': 'unknown',
  'k@ssd': 'unknown',
};
