import assert from 'node:assert/strict';
import { REASONS } from '../../src/metrics/exporter.ts';
import { expectationOf, occupiesScheduler, type Expectation, type Outcome } from './expectation.ts';
import type { Fault } from './fault.ts';
import type { Struck } from './fault-proxy.ts';
import { STALE_AFTER_MS, TIMEOUTS, openStage, succeeded, type Shown, type Stage } from './stage.ts';
import { BY_STATS } from './storm-cloud.ts';

const COLLECTORS = ['services', 'pools', 'volume_types'] as const;
type Collector = (typeof COLLECTORS)[number];

/** A fault in play: what is expected of it, and when it began. */
interface Scene {
  readonly stage: Stage;
  readonly struck: Struck;
  readonly fault: Fault;
  readonly expected: Expectation;
  readonly deadlineMs: number;
}

/** One fault at one operation: from the start, then again in a healthy cloud until all that was known is too old, and what comes after. */
export async function play(struck: Struck, fault: Fault): Promise<void> {
  const stage = await openStage();
  const deadlineMs = 2 * TIMEOUTS.schedulerPatienceMs + 4 * TIMEOUTS.requestTimeoutMs;
  const scene = { stage, struck, fault, expected: expectationOf(struck, fault), deadlineMs };
  try {
    await coldStart(scene);
    await inTheMiddle(scene);
    assertWire(stage);
  } finally {
    await stage.close();
  }
}

async function coldStart(scene: Scene): Promise<void> {
  const { stage, expected } = scene;
  await stage.proxy.strike(scene.struck, scene.fault);
  // What the types' collector did shows on the page after the next refresh.
  const first = await refresh(scene);
  const second = await refresh(scene);
  for (const page of [first, second]) assert.deepEqual(page.conditions, expected.cold, 'conditions at the start');
  assertShown(scene, second);
  if (expected.up === 0) assertNoBackends(second, succeeded(second, 'pools') === 1);
  await recover(scene, 0);
}

async function inTheMiddle(scene: Scene): Promise<void> {
  const { stage, struck, fault, expected } = scene;
  let healthy = await refresh(scene);
  // The versions are looked at after a login: once more now, so that a refusal is forgotten, and once with the fault.
  const looks = struck === 'discovery' ? 2 : 0;
  for (let i = 0; i < looks; i += 1) {
    await refresh(scene);
    stage.simulator.cloud.revokeTokens();
    healthy = await refresh(scene);
  }
  if (struck === 'token') stage.simulator.cloud.revokeTokens();
  const logged = stage.log.length;
  await stage.proxy.strike(struck, fault);
  const first = await refresh(scene);
  const second = await refresh(scene);
  for (const page of [first, second]) assert.deepEqual(page.conditions, expected.fresh, 'conditions while it is fresh');
  // The result of the types shows one refresh later: the first page still has the result of the healthy cloud.
  assertShown(scene, second, healthy, first);
  await stage.giveUp();
  stage.advance(STALE_AFTER_MS);
  const late = await refresh(scene);
  assert.deepEqual(late.conditions, expected.expired, 'conditions when what was known is too old');
  if (expected.up === 0) assertNoBackends(late, succeeded(late, 'pools') === 1);
  await recover(scene, logged);
}

async function refresh({ stage, deadlineMs }: Scene): Promise<Shown> {
  const page = await stage.refresh();
  assert.ok(page.tookMs < deadlineMs, `the refresh took ${page.tookMs} ms`);
  return page;
}

function assertShown({ stage, expected }: Scene, page: Shown, healthy?: Shown, first?: Shown): void {
  assert.equal(page.value('cinder_up'), expected.up, 'cinder_up');
  const outcomes = { services: expected.services, pools: expected.pools, volume_types: expected.types };
  for (const collector of COLLECTORS) {
    const outcome = outcomes[collector];
    assertCounted(page, healthy, collector, outcome, collector === 'services' ? expected.counted : undefined);
    if (outcome === 'not due') continue;
    const well = outcome === 'well';
    assert.equal(succeeded(page, collector), well ? 1 : 0, `success of ${collector}`);
    const age = ageOf(page, collector);
    const base = collector === 'volume_types' ? first : healthy;
    const before = base && ageOf(base, collector);
    if (!well) assert.equal(age, before, `last success of ${collector}`);
    else assert.ok(age !== undefined && age > (before ?? 0), `last success of ${collector}`);
  }
  const open = page.value('cinder_exporter_scheduler_requests_open') ?? NaN;
  assert.ok(open === 0 || open === 1, `${open} requests open`);
  assert.ok(stage.watcher.snapshot());
}

function ageOf(page: Shown, collector: Collector): number | undefined {
  return page.value('cinder_scrape_collector_last_success_timestamp_seconds', { collector });
}

/** Every reason but the right one stays where it was. */
function assertCounted(
  page: Shown,
  healthy: Shown | undefined,
  collector: Collector,
  outcome: Outcome,
  aside: string | undefined,
): void {
  for (const reason of REASONS) {
    const labels = { collector, reason };
    const count = page.value('cinder_exporter_errors_total', labels) ?? NaN;
    const more = count - (healthy?.value('cinder_exporter_errors_total', labels) ?? 0);
    const failed = typeof outcome === 'object' ? outcome.failed : aside;
    if (reason === failed) assert.ok(more >= 1, `errors_total of ${collector}, ${reason}: ${more}`);
    else assert.equal(more, 0, `errors_total of ${collector}, ${reason}`);
  }
}

/** Nothing of the cloud, but pools that were read. */
function assertNoBackends(page: Shown, withPools: boolean): void {
  for (const name of page.families.keys()) {
    if (withPools && /^cinder_(pool_|api_)/.test(name)) continue;
    assert.match(name, /^cinder_(up$|scrape_collector_|exporter_)/, 'only what the exporter knows of itself');
  }
}

/** The fault ends: all is well at the next refresh, and the log has said both once. */
async function recover(scene: Scene, logged: number): Promise<void> {
  const { stage, struck, fault, expected } = scene;
  await stage.proxy.strike(struck, undefined);
  await stage.giveUp();
  let page = await refresh(scene);
  if (occupiesScheduler(fault))
    for (let i = 0; i < 2 && succeeded(page, 'pools') !== 1; i += 1) page = await refresh(scene);
  assert.equal(page.value('cinder_up'), 1, 'cinder_up afterwards');
  assert.deepEqual(page.conditions, BY_STATS, 'conditions afterwards');
  page = await refresh(scene);
  for (const collector of COLLECTORS) assert.equal(succeeded(page, collector), 1, `success of ${collector} afterwards`);
  assertLogged(stage.log.slice(logged), expected, fault);
}

function assertLogged(lines: Stage['log'], expected: Expectation, fault: Fault): void {
  const said = (message: string): string[] =>
    lines.filter((line) => line.message === message).map((line) => String(line['collector'] ?? line['what']));
  const outcomes = Object.entries({ services: expected.services, pools: expected.pools, volume_types: expected.types });
  const failing = outcomes.filter(([, outcome]) => typeof outcome === 'object').map(([name]) => name);
  assert.deepEqual(said('Collector fails').toSorted(), failing.toSorted(), 'failures in the log');
  assert.deepEqual(said('Collector succeeds again').toSorted(), failing.toSorted(), 'ends of failures in the log');
  const noted = expected.noted === undefined ? [] : [expected.noted];
  assert.deepEqual(said('Part of an answer could not be used'), noted, 'notes in the log');
  for (const line of lines) {
    assert.notEqual(line.message, 'Refresh failed for a reason of our own', JSON.stringify(line));
    const told = line['error'] ?? line['problem'];
    if (told !== undefined && line.message !== 'Collector succeeds again') assert.match(String(told), fault.words);
  }
}

/** Verbs, tokens and questions on the wire. */
function assertWire({ proxy }: Stage): void {
  for (const { method, path, headers } of proxy.passed) {
    const login = method === 'POST' && path === '/identity/v3/auth/tokens';
    assert.ok(login || method === 'GET', `${method} ${path}`);
    const token = headers['x-auth-token'];
    assert.equal(token !== undefined, /\/volume\/v3\//.test(path), `token at ${path}`);
  }
  assert.deepEqual(proxy.elsewhere, [], 'redirects are not followed');
  assert.ok(proxy.mostWaiting <= 1, `${proxy.mostWaiting} requests waited for a scheduler at once`);
}
