import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../../src/log.ts';
import { stageFor, succeeded } from './stage.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { faultNamed } from './all-faults.ts';
import { BY_STATS } from './storm-cloud.ts';

function messages(log: readonly Fields[]): unknown[] {
  return log.map((line) => line['message']);
}

test('a token that is revoked is replaced within the same refresh, and nobody notices', async (t) => {
  const { simulator, proxy, refresh, log } = await stageFor(t);
  await refresh();
  const [token] = proxy.passed.map(({ headers }) => headers['x-auth-token']).filter((one) => one !== undefined);
  simulator.cloud.revokeTokens();
  proxy.passed.length = 0;
  const page = await refresh();
  assert.deepEqual([page.value('cinder_up'), succeeded(page, 'services'), succeeded(page, 'pools')], [1, 1, 1]);
  assert.equal(proxy.passed.filter(({ method }) => method === 'POST').length, 1);
  assert.equal(proxy.passed.filter(({ headers }) => headers['x-auth-token'] === token).length, 1);
  assert.deepEqual(log, []);
});

test('a token that every service refuses although it is fresh is no reason for a storm of logins', async (t) => {
  const { proxy, refresh } = await stageFor(t);
  await refresh();
  proxy.passed.length = 0;
  await proxy.strike('services', faultNamed('401'));
  await proxy.strike('pools', faultNamed('401'));
  for (let i = 0; i < 10; i += 1) await refresh();
  const logins = proxy.passed.filter(({ method }) => method === 'POST').length;
  assert.ok(logins <= 12, `${logins} logins in ten refreshes`);
});

test('a password that is changed: refused, said once, left in peace; well again when it is right again', async (t) => {
  const { simulator, proxy, refresh, log } = await stageFor(t);
  await refresh();
  simulator.cloud.changePassword('admin', 'new and unknown');
  proxy.passed.length = 0;
  for (let i = 0; i < 20; i += 1) {
    const page = await refresh();
    assert.deepEqual([page.value('cinder_up'), succeeded(page, 'services'), succeeded(page, 'pools')], [0, 0, 0]);
    assert.deepEqual(page.conditions, i < 10 ? BY_STATS : {}, `refresh ${i}`);
  }
  const logins = proxy.passed.filter(({ method }) => method === 'POST').length;
  assert.ok(logins <= 10, `${logins} refused logins in ten minutes would lock the account`);
  const failures = log.filter(({ message }) => message === 'Collector fails');
  assert.deepEqual(
    failures.map(({ reason }) => reason),
    ['auth', 'auth'],
  );
  assert.match(String(failures[0]?.['error']), /Keystone refused the login by password: .*401/);
  simulator.cloud.changePassword('admin', 'admin-pw');
  let page = await refresh();
  for (let i = 0; i < 11 && page.value('cinder_up') !== 1; i += 1) page = await refresh();
  assert.deepEqual(page.conditions, BY_STATS);
});

test('an endpoint that moved is found in a fresh catalog within a refresh, and moved back as well', async (t) => {
  const { simulator, proxy, refresh, log } = await stageFor(t);
  await refresh();
  const second = await startFaultProxy(simulator.url);
  t.after(second.close);
  const catalog = (url: string) => [{ type: 'block-storage', name: 'cinder', url: `${url}/volume/v3` }];
  for (const [from, to] of [
    [proxy, second],
    [second, proxy],
  ] as const) {
    simulator.cloud.setCatalog(catalog(to.url));
    for (const struck of ['discovery', 'services', 'pools', 'types'] as const)
      await from.strike(struck, faultNamed('404'));
    const failing = await refresh();
    assert.equal(failing.value('cinder_up'), 0);
    const moved = await refresh();
    assert.deepEqual([moved.value('cinder_up'), succeeded(moved, 'services'), succeeded(moved, 'pools')], [1, 1, 1]);
    assert.deepEqual(moved.conditions, BY_STATS);
    const asked = from.passed.length;
    await refresh();
    assert.deepEqual(
      from.passed.slice(asked).map(({ struck }) => struck),
      [],
      'nothing more is asked there',
    );
    for (const struck of ['discovery', 'services', 'pools', 'types'] as const) await from.strike(struck, undefined);
  }
  const said = messages(log).filter((message) => message === 'Collector fails').length;
  assert.ok(said >= 2 && said <= 4, `${said} failures said`);
});

test('catalogs that make no sense: an error that lists what there is, and no crash', async (t) => {
  for (const url of ['', 'nonsense', 'file:///etc/passwd', 'http://', 'javascript:alert(1)', '/volume/v3']) {
    const { simulator, refresh, log } = await stageFor(t);
    simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url }]);
    const page = await refresh();
    assert.equal(page.value('cinder_up'), 0, url);
    assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'http' }), 1);
    assert.match(String(log[0]?.['error']), /endpoint .*block-storage\/public\/RegionOne/);
  }
});
