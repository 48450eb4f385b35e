import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, list, recordedJson } from './client.ts';
import { labBackend, LAB_CLOUD } from './lab-cloud.ts';
import { waitFor } from '../support/wait-for.ts';

const POOLS = '/scheduler-stats/get_pools';

test('no scheduler: a late 500 from 3.49 on and for the pools; below, an answer at once', async (t) => {
  const { simulator, cloud, clock, get } = await bench(t, { cloud: LAB_CLOUD });
  cloud.stopScheduler();
  const late = Promise.all([get('/os-services', '3.49'), get(POOLS)]);
  await waitFor('both wait', () => simulator.requests.waitingNow === 2);
  clock.advance(59_999);
  await turns();
  assert.equal(simulator.requests.waitingNow, 2);
  clock.advance(1);
  for (const reply of await late) {
    assert.deepEqual([reply.status, reply.json], [500, recordedJson('os-services-3.49-scheduler-stopped.json')]);
  }
  assert.deepEqual([simulator.requests.maxWaiting, simulator.requests.waitingNow], [2, 0]);
  clock.advance(60_001);
  const below = await get('/os-services', '3.48');
  assert.equal(below.status, 200);
  assert.equal(list(below.json, 'services').find(({ binary }) => binary === 'cinder-scheduler')?.['state'], 'down');
});

test('a scheduler that starts answers what waits for it: once empty, then complete', async (t) => {
  const { simulator, cloud, get, pools, service } = await bench(t, { cloud: LAB_CLOUD });
  cloud.stopScheduler();
  const waiting = get('/os-services', '3.49');
  await waitFor('it waits', () => simulator.requests.waitingNow === 1);
  cloud.startScheduler();
  const rows = list((await waiting).json, 'services').filter(({ binary }) => binary === 'cinder-volume');
  assert.deepEqual([...new Set(rows.map((row) => row['backend_state']))], [null]);
  assert.equal((await service('lab@single'))['backend_state'], 'up');
  assert.equal((await pools()).size, 8);
});

test('a restarted scheduler knows nothing of a driver that raises', async (t) => {
  const { cloud, get, service } = await bench(t, { cloud: { backends: [labBackend('x', { backend_state: 'up' })] } });
  cloud.setDriver('lab@x', { _fail_stats: 'no' });
  cloud.restartScheduler();
  assert.deepEqual((await get(POOLS)).json, { pools: [] });
  assert.equal((await service('lab@x'))['backend_state'], null);
});

test('two schedulers, one of them hung: every other answer is a late 500', async (t) => {
  const { simulator, cloud, clock, get } = await bench(t, { cloud: { ...LAB_CLOUD, schedulers: ['a', 'b'] } });
  cloud.hangScheduler('b');
  const statuses = [];
  for (let n = 0; n < 4; n++) {
    let answered = false;
    const reply = get(POOLS).finally(() => {
      answered = true;
    });
    // The clock stands still until nothing but the hung one can be what is waited for.
    let quiet = 0;
    await waitFor('it is answered, or hangs', () => {
      quiet = simulator.requests.waitingNow === 1 ? quiet + 1 : 0;
      return answered || quiet === 20;
    });
    clock.advance(answered ? 0 : 60_000);
    statuses.push((await reply).status);
  }
  assert.deepEqual(statuses.map(String).toSorted(), ['200', '200', '500', '500']);
  assert.notEqual(statuses[0], statuses[1]);
});

test('each scheduler answers from its own memory', async (t) => {
  const { cloud, get } = await bench(t, {
    cloud: { schedulers: ['a', 'b'], backends: [labBackend('x', { backend_state: 'up' })] },
  });
  cloud.setDriver('lab@x', { _fail_stats: 'no' });
  cloud.restartScheduler('b');
  const sizes = [];
  for (let n = 0; n < 4; n++) sizes.push(list((await get(POOLS)).json, 'pools').length);
  assert.deepEqual(sizes.map(String).toSorted(), ['0', '0', '1', '1']);
});

test('no message bus: requests hang past the timeout, heartbeats go on, stats stop', async (t) => {
  const { simulator, cloud, clock, get } = await bench(t, { cloud: LAB_CLOUD });
  cloud.stopBus();
  const hanging = get(POOLS + '?detail=true');
  await waitFor('it hangs', () => simulator.requests.waitingNow === 1);
  clock.advance(600_000);
  await turns();
  assert.equal(simulator.requests.waitingNow, 1);
  const rows = list((await get('/os-services', '3.48')).json, 'services');
  assert.equal(rows.find(({ host }) => host === 'lab@single')?.['state'], 'up');
  cloud.startBus();
  const { status, text } = await hanging;
  assert.equal(status, 200);
  assert.match(text, /"timestamp":"2026-11-22T11:20:00/);
});

test('abandoned requests hold the threads of the API, and then nobody is answered', async (t) => {
  const { simulator, cloud, get, token } = await bench(t, { cloud: LAB_CLOUD, settings: { apiThreads: 3 } });
  cloud.stopBus();
  const signals = Array.from({ length: 4 }, () => new AbortController());
  const abandoned = signals.map(({ signal }) =>
    fetch(`${simulator.url}/volume/v3${POOLS}`, { headers: { 'X-Auth-Token': token }, signal }),
  );
  await waitFor('all wait', () => simulator.requests.waitingNow === 4);
  for (const signal of signals) signal.abort();
  await Promise.allSettled(abandoned);
  assert.equal(simulator.requests.waitingNow, 4, 'their clients are gone, the requests are not');
  const plain = get('/os-services', '3.0');
  const root = fetch(`${simulator.url}/volume/`);
  let replies = 0;
  for (const reply of [plain, root]) void reply.then(() => (replies += 1));
  await waitFor(
    'both have come',
    () => simulator.requests.last.filter(({ status }) => status === undefined).length === 6,
  );
  await turns();
  assert.equal(replies, 0);
  cloud.startBus();
  assert.deepEqual([(await plain).status, (await root).status], [200, 300]);
  assert.equal(simulator.requests.waitingNow, 0);
});

test('a broken database, a stopped API, an answer of a proxy', async (t) => {
  const { simulator, cloud, get } = await bench(t, { cloud: LAB_CLOUD });
  cloud.breakDatabase();
  assert.equal((await get('/os-services', '3.0')).status, 500);
  assert.equal((await get(POOLS)).status, 500);
  cloud.repairDatabase();
  cloud.stopApi();
  await assert.rejects(get('/os-services'));
  cloud.startApi();
  cloud.answerWith('services', { status: 429, headers: { 'Retry-After': '30' } }, 1);
  const limited = await get('/os-services');
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '30']);
  assert.equal((await get('/os-services')).status, 200);
  assert.equal(simulator.requests.count('pools'), 1);
});

/** What is going to happen without any more time passing has happened. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate);
}
