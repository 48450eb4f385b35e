import { after, before, describe, test } from 'node:test';
import { prepareBackends } from './e2e-cinder.ts';
import { playFault, playStory } from './e2e-fault.ts';
import type { Fault, Story } from './e2e-fault.ts';
import { BACKEND_FAULTS, BACKEND_STORIES } from './e2e-faults-backends.ts';
import { CONTROL_FAULTS, CONTROL_STORIES } from './e2e-faults-control.ts';
import { timingTable, writeLatencyPage } from './e2e-latency.ts';
import { SCALE, startSite } from './e2e-site.ts';
import type { Site, SiteOptions } from './e2e-site.ts';
import { TIMINGS } from './e2e-timing.ts';

interface Suite {
  readonly name: string;
  readonly options: SiteOptions;
  readonly faults: readonly Fault[];
  readonly stories: readonly Story[];
}

const SUITES: readonly Suite[] = [
  {
    name: 'backends',
    options: { backends: ['single', 'pools', 'nas', 'tape'], who: 'admin', prepare: prepareBackends },
    faults: BACKEND_FAULTS,
    stories: BACKEND_STORIES,
  },
  {
    name: 'control plane',
    options: { backends: ['single', 'nas'], who: 'monitor' },
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

function play({ options, faults, stories }: Suite): void {
  let started: Site | undefined;
  before(async () => {
    started = await startSite(options);
  });
  after(() => started?.close());
  const site = (): Site => {
    if (started === undefined) throw new Error('the site did not start');
    return started;
  };
  for (const fault of faults) test(fault.name, () => playFault(site(), fault));
  for (const story of stories) test(story.name, () => playStory(site(), story));
}
