import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { registerLoopDelays, watchLoop, watchTurn } from '../../src/metrics/event-loop.ts';
import { renderRegistry } from '../../src/metrics/exporter.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startExporter } from '../support/exporter.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { SMALL_CLOUD } from '../watch/watched.ts';

async function read(registry: Registry): Promise<Exposition> {
  return parseExposition(await renderRegistry(registry, 'text'), 'text');
}

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test('delays of the event loop are seen during work and in a turn, and there are none without', async () => {
  const registry = new Registry();
  registerLoopDelays(registry);
  const lag = async (figure: string): Promise<number> =>
    (await read(registry)).value(`nodejs_eventloop_lag_${figure}_seconds`) ?? NaN;
  assert.equal(await lag('max'), 0);

  const unwatch = watchLoop();
  const another = watchLoop();
  unwatch();
  unwatch();
  await sleep(1);
  block(200);
  await sleep(50);
  assert.ok((await lag('max')) > 0.15, 'one of two has ended its work, and the other has not');
  another();
  await sleep(1);
  assert.equal(await lag('max'), 0, 'since the last reading, without work');

  watchTurn();
  block(100);
  await sleep(20);
  const page = await read(registry);
  for (const figure of ['min', 'mean', 'p50', 'p90', 'p99', 'max'])
    assert.ok((page.value(`nodejs_eventloop_lag_${figure}_seconds`) ?? NaN) > 0.09, figure);
  assert.equal(page.value('nodejs_eventloop_lag_stddev_seconds'), 0);
});

test('an exporter that has nothing to do wakes up less than once a second', async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  // Whether cinder-volume answers is asked at a pace of its own, however long the interval is.
  const collectors = { capabilities: false };
  const config = JSON.stringify({ clouds: { only: { os_cloud: 'envvars', interval: '1h', collectors } } });
  const exporter = await startExporter({ environment: simulator.environment(), config });
  t.after(() => exporter.stop());
  await exporter.waitFor('the first refresh', (page) => page.value('cinder_exporter_refreshes_total') === 1);
  // What the start and this connection leave behind has ended by then.
  await sleep(2000);
  const wakeUps = (): number =>
    Number(
      /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${exporter.pid}/status`, 'utf8'))?.[1] ?? NaN,
    );
  const before = wakeUps();
  await sleep(5000);
  const count = wakeUps() - before;
  assert.ok(count <= 5, `${count} in 5 s`);
});
