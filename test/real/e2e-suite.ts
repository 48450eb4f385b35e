import { after, before, test } from 'node:test';
import { playFault, playStory } from './e2e-fault.ts';
import type { Fault, Story } from './e2e-fault.ts';
import { startSite } from './e2e-site.ts';
import type { Site, SiteOptions } from './e2e-site.ts';

/** A site, and what happens on it, one after the other. */
export interface Suite {
  readonly name: string;
  readonly options: SiteOptions;
  readonly faults: readonly Fault[];
  readonly stories: readonly Story[];
}

/** A test for each fault and each story; to be called within `describe`. */
export function play({ options, faults, stories }: Suite): void {
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
