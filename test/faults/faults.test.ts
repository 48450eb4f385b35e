import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRUCK, faultNamed } from './all-faults.ts';
import type { Struck } from './fault-proxy.ts';
import { play } from './play.ts';
import { stageFor, succeeded } from './stage.ts';
import { RETRY_AFTER_S } from './statuses.ts';
import { BY_LIST } from './storm-cloud.ts';

/** One of each kind, everywhere; all of them, everywhere, are in test/real. */
const EVERYWHERE = ['hang', 'reset in the middle of the body', 'HTML with 200', '503'];
const HERE: readonly (readonly [Struck, string])[] = [
  ['token', 'refuse'],
  ['token', '401'],
  ['token', '308 elsewhere'],
  ['services', 'refuse'],
  ['services', '403'],
  ['services', '429 with Retry-After in seconds'],
  ['services', 'a clock five hours ahead'],
  ['services', 'rows that are none'],
  ['services', '307 elsewhere'],
  ['services at 3.49', '504'],
  ['services at 3.49', 'cut off, without a Content-Length'],
  ['pools', 'a clock five hours ahead'],
  ['pools', 'a clock five hours behind'],
  ['pools', 'rows that are none'],
  ['pools', 'a gzip bomb'],
  ['pools', 'Content-Length too short'],
  ['types', '401'],
  ['types', '307 elsewhere'],
];

for (const struck of STRUCK) {
  for (const name of EVERYWHERE) test(`${struck}: ${name}`, () => play(struck, faultNamed(name)));
}
for (const [struck, name] of HERE) test(`${struck}: ${name}`, () => play(struck, faultNamed(name)));

test('the port is closed in the middle of a refresh: what was read counts', async (t) => {
  for (const struck of ['pools', 'types'] as const) {
    const { proxy, refresh } = await stageFor(t);
    await proxy.strike(struck, faultNamed('refuse'));
    const page = await refresh();
    assert.equal(page.value('cinder_up'), 1);
    assert.deepEqual([succeeded(page, 'services'), succeeded(page, 'pools')], [1, struck === 'pools' ? 0 : 1]);
    if (struck === 'pools') assert.deepEqual(page.conditions, BY_LIST);
    assert.equal((await refresh()).value('cinder_up'), 0);
    await proxy.strike(struck, undefined);
    const after = await refresh();
    assert.deepEqual([after.value('cinder_up'), succeeded(after, 'pools')], [1, 1]);
  }
});

test('Retry-After is kept to the second: who asked for it hears nothing before', async (t) => {
  for (const [struck, operation] of [
    ['token', 'token'],
    ['services', 'services'],
    ['pools', 'pools'],
  ] as const) {
    const { proxy, refresh, advance, watcher } = await stageFor(t);
    await proxy.strike(struck, faultNamed('429 with Retry-After in seconds'));
    await refresh();
    await proxy.strike(struck, undefined);
    const asked = proxy.passed.length;
    const again = (): boolean => proxy.passed.slice(asked).some((one) => one.struck.includes(operation));
    advance((RETRY_AFTER_S - 2) * 1000);
    await watcher.refresh();
    assert.ok(!again(), `${operation}: asked within the pause`);
    if (operation === 'token') assert.equal(proxy.passed.length, asked, 'nothing can be asked without a token');
    advance(2000);
    await watcher.refresh();
    assert.ok(again());
    assert.equal((await refresh()).value('cinder_up'), 1);
  }
});

test('an answer that comes after the patience, and before it is given up, is used', async (t) => {
  for (const struck of ['services at 3.49', 'pools'] as const) {
    const { proxy, refresh, watcher } = await stageFor(t);
    await refresh();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await proxy.strike(struck, {
      ...faultNamed('no Date'),
      holds: held,
      async act(line) {
        await held;
        await faultNamed('no Date').act(line);
      },
    });
    const during = await refresh();
    assert.deepEqual([during.value('cinder_up'), succeeded(during, 'pools')], [1, 0], struck);
    assert.equal(during.value('cinder_exporter_scheduler_requests_open'), 1);
    const arrived = new Promise<void>((resolve) => {
      watcher.onSwap(() => resolve());
    });
    release();
    await arrived;
    await proxy.strike(struck, undefined);
    const after = await refresh();
    assert.deepEqual([after.value('cinder_up'), succeeded(after, 'pools')], [1, 1], struck);
    assert.equal(proxy.mostWaiting, 1);
  }
});
