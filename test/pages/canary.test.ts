import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanaryRun } from '../../src/cinder/canary.ts';
import { canaryRow } from '../support/samples.ts';
import { one, twelve } from './clouds.ts';
import { startServer } from './server.ts';
import { serve, watchedCloud } from './watched.ts';

const HOUR = 3_600_000;

function run(hoursAgo: number, more: Partial<CanaryRun> = {}): CanaryRun {
  return {
    atMs: Date.now() - hoursAgo * HOUR,
    success: true,
    tookMs: { look: 100, create: 1234, delete: 900 },
    failure: undefined,
    ...more,
  };
}

const FAILED = run(0.1, {
  success: false,
  tookMs: { look: 100 },
  failure: { phase: 'create', reason: 'driver', message: 'Driver <b>failed</b> to create the volume.', storage: true },
});

/** The row of a volume type, its markup taken off. */
function textOf(page: string, volumeType: string): string {
  const [found = ''] = page.split('<tr ').filter((part) => part.includes(`data-key="canary prod ${volumeType}"`));
  return found
    .replace(/<\/tr>.*/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

test('a row for each volume type of the canary: its last round, its phases, the last 24 hours', async (t) => {
  const runs = [run(30), run(20), run(10), run(5, { success: undefined }), FAILED];
  const canary = [
    canaryRow('good', { backend: 'c1@ceph', last: run(0.2), runs: [run(0.2)] }),
    canaryRow('bad', { last: FAILED, runs, leaked: 2 }),
    canaryRow('waits', { paused: { why: 'switch', message: 'the file /run/x exists' } }),
  ];
  const { get } = await startServer(t, serve([watchedCloud('prod', { ...twelve(), canary })]));
  const { text } = await get('/');
  assert.match(textOf(text, 'good'), /good c1@ceph ✓ well, 12 min ago 1\.2 s 0\.9 s/);
  assert.match(
    textOf(text, 'bad'),
    /several ✕ failed to create, 6 min ago Driver &lt;b&gt;failed&lt;\/b&gt; to create.* 2 volumes left over – –/,
  );
  assert.match(textOf(text, 'waits'), /none yet waits: the file \/run\/x exists/);
  assert.match(text, /aria-label="Last 24 h: 4 rounds, 1 failed, 1 without a verdict"/);
  assert.match(text, /aria-label="Last 24 h: 1 round, 0 failed"/);
  const [canaryPart = ''] = text.split('id="canary"').slice(1);
  assert.equal([...canaryPart.matchAll(/class="f-failing"/g)].length, 1);
  assert.equal([...canaryPart.matchAll(/class="f-up"/g)].length, 3);
});

test('without a canary nothing is said of one', async (t) => {
  const { get } = await startServer(t, serve([watchedCloud('prod', one())]));
  assert.doesNotMatch((await get('/')).text, /canary/i);
});
