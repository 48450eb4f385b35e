import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CertificatePair } from './fault-proxy.ts';
import { stageFor, succeeded } from './stage.ts';
import { BY_STATS } from './storm-cloud.ts';

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
}

function pair(name: string): CertificatePair {
  return { cert: fixture(`${name}.crt`), key: fixture(`${name}.key`) };
}

const CA = fixture('ca.crt');

test('certificates that must not be trusted: nothing is read, nothing of ours is shown to them', async (t) => {
  for (const [name, ca, words] of [
    ['expired', CA, /the certificate is too old \(certificate has expired\)/],
    ['server', fixture('other-ca.crt'), /the certificate is not trusted/],
    ['server', undefined, /the certificate is not trusted/],
    ['stranger', CA, /the certificate is not trusted/],
  ] as const) {
    const stage = await stageFor(t, { certificate: pair(name), access: { tls: { verify: true, ...(ca && { ca }) } } });
    const page = await stage.refresh();
    assert.equal(page.value('cinder_up'), 0, name);
    for (const collector of ['services', 'pools']) {
      assert.equal(succeeded(page, collector), 0);
      assert.equal(page.value('cinder_exporter_errors_total', { collector, reason: 'connect' }), 1);
    }
    await stage.refresh();
    const failures = stage.log.filter(({ message }) => message === 'Collector fails');
    assert.deepEqual(
      failures.map(({ collector }) => collector),
      ['services', 'pools'],
    );
    for (const { error } of failures) assert.match(String(error), words);
    assert.deepEqual(stage.proxy.passed, []);
  }
});

test('a name that is not in the certificate is another server', async (t) => {
  const stage = await stageFor(t, { certificate: pair('server'), access: { tls: { verify: true, ca: CA } } });
  const elsewhere = stage.proxy.url.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  stage.simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: `${elsewhere}/volume/v3` }]);
  const page = await stage.refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.ok(stage.log.some(({ error }) => /the certificate is for another name/.test(String(error))));
  assert.deepEqual([...new Set(stage.proxy.passed.map(({ method }) => method))], ['POST']);
});

test('the certificate expires under way, and is renewed: what was known stands, then all is well', async (t) => {
  const stage = await stageFor(t, { certificate: pair('server'), access: { tls: { verify: true, ca: CA } } });
  assert.equal((await stage.refresh()).value('cinder_up'), 1);
  stage.proxy.setCertificate(pair('expired'));
  for (let i = 0; i < 2; i += 1) {
    const page = await stage.refresh();
    assert.deepEqual([page.value('cinder_up'), succeeded(page, 'services'), succeeded(page, 'pools')], [0, 0, 0]);
    assert.deepEqual(page.conditions, BY_STATS);
  }
  stage.proxy.setCertificate(pair('rotated'));
  const after = await stage.refresh();
  assert.deepEqual([after.value('cinder_up'), succeeded(after, 'services'), succeeded(after, 'pools')], [1, 1, 1]);
  const said = (message: string) => stage.log.filter((line) => line.message === message).length;
  assert.deepEqual([said('Collector fails'), said('Collector succeeds again')], [2, 2]);
});

test('verification that is switched off takes any certificate', async (t) => {
  const stage = await stageFor(t, { certificate: pair('expired'), access: { tls: { verify: false } } });
  const page = await stage.refresh();
  assert.deepEqual([page.value('cinder_up'), page.value('cinder_exporter_tls_verification_disabled')], [1, 1]);
});

test('names that do not exist', async (t) => {
  const keystone = await stageFor(t, { access: { authUrl: 'http://keystone.invalid:5000/v3' } });
  const blind = await keystone.refresh();
  assert.equal(blind.value('cinder_up'), 0);
  assert.equal(blind.value('cinder_exporter_errors_total', { collector: 'services', reason: 'connect' }), 1);
  assert.match(
    String(keystone.log[0]?.['error']),
    /^POST http:\/\/keystone\.invalid:5000\/v3\/auth\/tokens: the name .*keystone\.invalid\)$/,
  );

  const moved = await stageFor(t);
  await moved.refresh();
  moved.simulator.cloud.setCatalog([{ type: 'block-storage', name: 'cinder', url: 'http://cinder.invalid/v3' }]);
  moved.simulator.cloud.revokeTokens();
  const page = await moved.refresh();
  assert.equal(page.value('cinder_up'), 0);
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'connect' }), 2);
  assert.deepEqual(page.conditions, BY_STATS);
});
