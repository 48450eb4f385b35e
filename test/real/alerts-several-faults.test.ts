import { describe } from 'node:test';
import { prepareBackends } from './e2e-cinder.ts';
import { SEVERAL_STORIES } from './e2e-faults-several.ts';
import { play } from './e2e-suite.ts';

describe('several faults at once, in the backends and in what they are seen through', { concurrency: 1 }, () => {
  play({
    name: 'several',
    options: { backends: ['single', 'pools', 'nas', 'tape'], who: 'admin', prepare: prepareBackends },
    faults: [],
    stories: SEVERAL_STORIES,
  });
});
