import { after, describe } from 'node:test';
import { prepareBackends } from './e2e-cinder.ts';
import { BACKEND_FAULTS, BACKEND_STORIES } from './e2e-faults-backends.ts';
import { CONTROL_FAULTS, CONTROL_STORIES } from './e2e-faults-control.ts';
import { timingTable, writeLatencyPage } from './e2e-latency.ts';
import { SCALE } from './e2e-site.ts';
import { play } from './e2e-suite.ts';
import type { Suite } from './e2e-suite.ts';
import { TIMINGS } from './e2e-timing.ts';

const SUITES: readonly Suite[] = [
  {
    name: 'backends',
    options: { backends: ['single', 'pools', 'nas', 'tape'], who: 'admin', prepare: prepareBackends },
    faults: BACKEND_FAULTS,
    stories: BACKEND_STORIES,
  },
  {
    name: 'control plane',
    options: { backends: ['single', 'nas'], who: 'appcred' },
    faults: CONTROL_FAULTS,
    stories: CONTROL_STORIES,
  },
];

describe('real Cinder, exporter, Prometheus with the shipped rules, Alertmanager, webhook', { concurrency: 2 }, () => {
  after(async () => {
    console.log(`Seconds from the fault to the webhook, at --scale ${SCALE}:\n\n${timingTable(TIMINGS)}`);
    if (process.env['UPDATE_DOCS'] === '1') await writeLatencyPage(TIMINGS);
  });
  for (const suite of SUITES) describe(suite.name, { concurrency: 1 }, () => play(suite));
});
