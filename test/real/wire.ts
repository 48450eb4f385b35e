import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startCountingProxy } from '../lab/counting-proxy.ts';
import { freePorts } from '../lab/free-port.ts';
import type { CountingProxy, Passed } from '../lab/counting-proxy.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { send } from '../lab/answer.ts';
import { startExporter } from '../support/exporter.ts';
import type { Exporter } from '../support/exporter.ts';
import type { Lab } from '../lab/lab.ts';
import { persist } from '../lab/sqlite.ts';
import { checkMetrics } from './check-metrics.ts';

/** An exporter that reaches Keystone and Cinder through proxies that count. */
export interface Tapped {
  /** The one that runs. */
  readonly exporter: Exporter;
  readonly keystone: CountingProxy;
  readonly cinder: CountingProxy;
  /** Ends the exporter, and starts another at the same address. */
  readonly restart: () => Promise<void>;
}

/** Starts one, gives it to `use`, and ends it whatever happens. `more` goes over the administrator's variables. */
export async function tapped(
  lab: Lab,
  config: string,
  use: (parts: Tapped) => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const keystone = await startCountingProxy(lab.keystone);
  const cinder = await startCountingProxy(lab.cinder);
  try {
    const environment = {
      ...(await lab.environment()),
      OS_AUTH_URL: `${keystone.url}/v3`,
      OS_BLOCK_STORAGE_ENDPOINT_OVERRIDE: `${cinder.url}/v3`,
      ...more,
    };
    const [port] = await freePorts(1);
    const start = (): Promise<Exporter> =>
      startExporter({ environment, config, args: ['--web.listen-address', `127.0.0.1:${port}`] });
    let exporter = await start();
    const parts: Tapped = {
      get exporter() {
        return exporter;
      },
      keystone,
      cinder,
      async restart() {
        await exporter.stop();
        exporter = await start();
      },
    };
    try {
      await use(parts);
    } finally {
      await exporter.stop();
    }
  } finally {
    await Promise.all([keystone.close(), cinder.close()]);
  }
}

/** A request that Cinder can only answer with the help of a scheduler. */
export function needsScheduler({ path, microversion }: Passed): boolean {
  return path.includes('/get_pools') || (path.includes('/os-services') && microversion === '3.49');
}

const everySecond = 'defaults: {interval: 1s, max_random_delay: 0s}';
const listsOnly = 'defaults: {interval: 1s, max_random_delay: 0s, collectors: {volumes: false, capabilities: false}}';
const services = '/v3/os-services';
const pools = '/v3/scheduler-stats/get_pools?detail=true';

/** What a real Keystone and Cinder are asked. */
export function wire(lab: () => Lab): void {
  describe('the wire', () => {
    test('a refresh is exactly two GETs and no login, however often somebody scrapes', () =>
      tapped(lab(), listsOnly, twoGets));
    test('volumes are counted at a pace of their own, however often the lists are read', () =>
      tapped(lab(), everySecond, slowly));
    test('a token that Keystone takes back is replaced by one login, and nothing is missed', () =>
      tapped(lab(), everySecond, (parts) => revokedToken(lab(), parts)));
    test('a wrong password is not tried at every refresh, and is in no log', () =>
      tapped(lab(), everySecond, wrongPassword, { OS_PASSWORD: 'horse battery' }));
  });
}

function refreshes(page: Exposition): number {
  return page.value('cinder_exporter_refreshes_total') ?? 0;
}

function loginsOf(keystone: CountingProxy): number {
  return keystone.passed.filter(({ method, path }) => method === 'POST' && path.startsWith('/v3/auth/tokens')).length;
}

async function twoGets({ exporter, keystone, cinder }: Tapped): Promise<void> {
  const first = await exporter.waitFor('two refreshes', (page) => refreshes(page) >= 2);
  assert.equal(loginsOf(keystone), 1, 'one login at the start');
  keystone.reset();
  cinder.reset();

  let scrapes = 0;
  const last = await exporter.waitFor('ten more refreshes', (page) => {
    scrapes += 1;
    return refreshes(page) >= refreshes(first) + 10;
  });
  const count = refreshes(last) - refreshes(first);
  const asked = cinder.passed.map(({ method, path }) => `${method} ${path}`);
  assert.ok(scrapes > 2 * count, `${scrapes} scrapes`);
  assert.deepEqual(keystone.passed, []);
  assert.deepEqual(new Set(asked), new Set([`GET ${services}`, `GET ${pools}`]));
  // A refresh may have begun on either side of the counting.
  for (const path of [services, pools]) {
    const seen = asked.filter((line) => line === `GET ${path}`).length;
    assert.ok(Math.abs(seen - count) <= 1, `${seen} times ${path} in ${count} refreshes`);
  }
  assert.equal(cinder.mostOpen(needsScheduler), 1);
}

/** Four at once, and five a minute more: fewer than ten in any minute. */
async function slowly({ exporter, cinder }: Tapped): Promise<void> {
  const start = performance.now();
  await exporter.waitFor(
    'thirty refreshes, and the counting has begun',
    (it) => refreshes(it) >= 30 && it.value('cinder_scrape_collector_success', { collector: 'volumes' }) === 1,
    120_000,
  );
  const minutes = (performance.now() - start) / 60_000;
  const counted = cinder.passed.filter(({ path }) => path.includes('with_count=true'));
  assert.ok(counted.length > 0 && counted.length <= 4 + 5 * minutes + 1, `${counted.length} counts in ${minutes} min`);
  assert.deepEqual(new Set(counted.map(({ status }) => status)), new Set([200]));
}

async function revokedToken(lab: Lab, { exporter, keystone, cinder }: Tapped): Promise<void> {
  await exporter.waitFor('a refresh', (page) => page.value('cinder_up') === 1);
  const token = cinder.passed.findLast((entry) => entry.token !== undefined)?.token ?? '';
  const headers = { 'x-auth-token': await lab.token(), 'x-subject-token': token };
  const revoked = await persist(() => send(`${lab.keystone}/v3/auth/tokens`, { method: 'DELETE', headers }));
  assert.equal(revoked.status, 204);
  // Cinder goes on honouring it until its cache of tokens forgets it, 10 s here.
  await exporter.waitFor('another login', (page) => {
    assert.equal(page.value('cinder_up'), 1);
    return loginsOf(keystone) === 2;
  });
  const before = refreshes(await exporter.metrics());
  const page = await exporter.waitFor('three more refreshes', (it) => refreshes(it) >= before + 3);
  assert.equal(page.value('cinder_up'), 1);
  assert.equal(page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'auth' }), 0);
  assert.ok(cinder.passed.some(({ status }) => status === 401));
  assert.equal(loginsOf(keystone), 2);
}

async function wrongPassword({ exporter, keystone, cinder }: Tapped): Promise<void> {
  const page = await exporter.waitFor('eight refreshes', (it) => refreshes(it) >= 8);
  assert.equal(page.value('cinder_up'), 0);
  assert.ok((page.value('cinder_exporter_errors_total', { collector: 'services', reason: 'auth' }) ?? 0) > 0);
  assert.ok(loginsOf(keystone) <= 5, `${loginsOf(keystone)} logins in 8 refreshes`);
  assert.deepEqual(cinder.passed, []);
  assert.equal(
    exporter.logs.some((line) => line.includes('horse battery')),
    false,
    'the password is in the log',
  );
  await checkMetrics(exporter);
}
