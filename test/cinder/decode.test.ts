import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolReader } from '../../src/cinder/pools.ts';
import { decodeRows } from '../../src/cinder/rows.ts';
import { serviceReader } from '../../src/cinder/services.ts';
import { createCutter, type Cutter } from '../../src/cinder/wire.ts';
import { recording } from '../support/recording.ts';

const MANY = 1000;
const decodeServices = (body: unknown, max: number, cut: Cutter) => decodeRows(body, serviceReader(cut), max);
const decodePools = (body: unknown, max: number, cut: Cutter) => decodeRows(body, poolReader(cut), max);
const services = (rows: unknown, max = MANY) => decodeServices({ services: rows }, max, createCutter(1024));
const pools = (rows: unknown, max = MANY) => decodePools({ pools: rows }, max, createCutter(1024));
const GIB = 1024 ** 3;

test('a service list at 3.49 as a real Cinder answers', () => {
  const decoded = decodeServices(recording('os-services-3.49-admin'), MANY, createCutter(1024));
  assert.equal(decoded?.rejected, 0);
  assert.equal(decoded.rows.length, 7);
  assert.deepEqual(
    decoded.rows.find((row) => row.host === 'lab@broken'),
    {
      binary: 'cinder-volume',
      host: 'lab@broken',
      zone: 'nova',
      cluster: undefined,
      enabled: true,
      up: false,
      frozen: false,
      updatedAtMs: Date.UTC(2026, 10, 22, 11, 19, 47) + 784.644,
      disabledReason: undefined,
      replicationStatus: 'not-capable',
      activeBackendId: undefined,
      backendState: null,
    },
  );
  const backup = decoded.rows.find((row) => row.binary === 'cinder-backup');
  assert.deepEqual([backup?.backendState, backup?.frozen], [undefined, undefined]);
});

test('below 3.49 there is no backend_state, which is not null', () => {
  const decoded = decodeServices(recording('os-services-3.48-admin'), MANY, createCutter(1024));
  assert.ok(decoded && decoded.rows.length > 0);
  assert.ok(decoded.rows.every((row) => row.backendState === undefined));
});

test('a cluster, a failover and a frozen host as recorded', () => {
  const of = (name: string, host: string) =>
    decodeServices(recording(name), MANY, createCutter(1024))?.rows.find(
      (row) => row.host === host && row.binary === 'cinder-volume',
    );
  assert.equal(of('os-services-3.49-clustered', 'lab@clustered')?.cluster, 'labcluster@clustered');
  const failedOver = of('os-services-3.49-failed-over', 'lab@single');
  assert.deepEqual(
    [failedOver?.enabled, failedOver?.disabledReason, failedOver?.replicationStatus, failedOver?.activeBackendId],
    [false, 'failed-over', 'failed-over', 'second-site'],
  );
  const frozen = of('os-services-3.49-frozen', 'lab@single');
  assert.deepEqual([frozen?.enabled, frozen?.frozen, frozen?.disabledReason], [false, true, 'frozen']);
});

test('pools as a real Cinder answers', () => {
  const decoded = decodePools(recording('get_pools-3.70-detail'), MANY, createCutter(1024));
  assert.equal(decoded?.rejected, 0);
  const of = (name: string) => decoded.rows.find((pool) => `${pool.host}#${pool.pool}` === name);
  assert.deepEqual(of('lab@pools#fast'), {
    host: 'lab@pools',
    pool: 'fast',
    backendState: 'up',
    statsAtMs: Date.UTC(2026, 10, 22, 11, 23, 14) + 844.512,
    totalBytes: 1000 * GIB,
    freeBytes: 250.5 * GIB,
    allocatedBytes: 0,
    provisionedBytes: 1500 * GIB,
    virtualFreeBytes: (900 * 2 - 1500) * GIB,
    reservedRatio: 0.1,
    maxOverSubscriptionRatio: 2,
    thinProvisioning: true,
    volumeBackendName: 'pools',
    vendorName: 'Lab',
    driverVersion: '1.0.0',
    storageProtocol: 'iSCSI',
  });
  assert.equal(of('lab@unknown#inf')?.totalBytes, Infinity);
  assert.equal(of('lab@unknown#inf')?.virtualFreeBytes, Infinity);
  assert.deepEqual(
    [of('lab@unknown#unk')?.totalBytes, of('lab@unknown#unk')?.virtualFreeBytes],
    [undefined, undefined],
  );
  assert.equal(of('lab@unknown#none')?.freeBytes, undefined);
  assert.equal(of('lab@pools#cold tier/ä')?.backendState, undefined);
});

test('pools without detail are rows that say nothing: rejected, counted, and the first is named', () => {
  const decoded = pools([{ name: 'lab@single#single' }, { name: 'lab@x#y', capabilities: {} }]);
  assert.equal(decoded?.rows.length, 1);
  assert.equal(decoded.rejected, 1);
  assert.equal(decoded.firstProblem, 'pool lab@single#single has no "capabilities"');
});

test('something that is no list at all is not an empty list', () => {
  for (const body of [null, [], 'x', 3, {}, { services: null }, { services: {} }, { services: 'no' }]) {
    assert.equal(decodeServices(body, MANY, createCutter(64)), undefined);
  }
  assert.deepEqual(services([]), { rows: [], rejected: 0, firstProblem: undefined });
});

test('of several rows with the same binary and host the latest heartbeat counts, in any order', () => {
  const row = (at: string | null, state: string) => ({ binary: 'cinder-volume', host: 'h@b', state, updated_at: at });
  const rows = [
    row('2026-11-22T11:00:00.000001', 'down'),
    row('2026-11-22T11:00:00.000002', 'up'),
    row(null, 'down'),
    row('not a time', 'down'),
  ];
  for (const order of [rows, rows.toReversed()]) {
    assert.deepEqual(
      services(order)?.rows.map((one) => one.up),
      [true],
    );
  }
  const others = services([...rows, { ...rows[0], binary: 'cinder-backup' }, { ...rows[0], host: 'h@b2' }]);
  assert.equal(others?.rows.length, 3);
});

test('names that only look alike stay two', () => {
  const decoded = services([
    { binary: 'a\nb', host: 'c' },
    { binary: 'a', host: 'b\nc' },
  ]);
  assert.equal(decoded?.rows.length, 2);
});

test('of several rows with the same pool name the newest stats count', () => {
  const row = (timestamp: string, backend_state: string) => ({
    name: 'h@b#p#q',
    capabilities: { timestamp, backend_state },
  });
  const rows = [row('2026-11-22T11:00:02', 'up'), row('2026-11-22T11:00:01', 'down')];
  for (const order of [rows, rows.toReversed()]) {
    assert.deepEqual(
      pools(order)?.rows.map(({ host, pool, backendState }) => [host, pool, backendState]),
      [['h@b', 'p#q', 'up']],
    );
  }
});

test('a pool name without a pool, or without a host', () => {
  assert.deepEqual(
    pools([{ name: 'h@b', capabilities: {} }])?.rows.map(({ host, pool }) => [host, pool]),
    [['h@b', '']],
  );
  assert.equal(pools([{ name: '#p', capabilities: {} }])?.rejected, 1);
});

test('backend_state of a pool: absent is not null, and every word comes through', () => {
  const said = (value: unknown) =>
    pools([{ name: 'h#p', capabilities: { backend_state: value } }])?.rows[0]?.backendState;
  assert.equal(pools([{ name: 'h#p', capabilities: {} }])?.rows[0]?.backendState, undefined);
  assert.deepEqual([null, '', 'UP', true, 0, {}, [], 'degraded "x"\n'].map(said), [
    'null',
    '',
    'UP',
    'true',
    '0',
    'object',
    'list',
    'degraded "x"\n',
  ]);
});

test('disabled_reason means something only while the row is disabled, and is cut at 256 characters', () => {
  const reason = (status: string, disabled_reason: unknown) =>
    services([{ binary: 'cinder-volume', host: 'h@b', status, disabled_reason }])?.rows[0]?.disabledReason;
  assert.equal(reason('enabled', 'old text'), undefined);
  assert.equal(reason('disabled', ''), undefined);
  assert.equal(reason('disabled', null), undefined);
  assert.equal(reason('disabled', '💾'.repeat(300)), '💾'.repeat(256));
});

test('rows beyond the limit are rejected, counted and reported', () => {
  const rows = Array.from({ length: 7 }, (_, i) => ({ binary: 'cinder-volume', host: `h@${i}` }));
  const decoded = services([...rows, 'no row'], 5);
  assert.equal(decoded?.rows.length, 5);
  assert.equal(decoded.rejected, 3);
  assert.match(decoded.firstProblem ?? '', /^more rows than max_rows \(5\)$/);
});

test('long names are cut and stay apart; long words are cut and counted', () => {
  const cut = createCutter(20);
  const long = 'h'.repeat(30);
  const decoded = decodeServices(
    {
      services: [
        { binary: 'cinder-volume', host: `${long}1`, zone: 'z'.repeat(21) },
        { binary: 'cinder-volume', host: `${long}2` },
      ],
    },
    MANY,
    cut,
  );
  const [one, two] = decoded?.rows ?? [];
  assert.notEqual(one?.host, two?.host);
  assert.ok(one && one.host.length <= 20 && one.zone.length <= 20 && one.zone.endsWith('…'));
  assert.equal(cut.count(), 3);
  const named = decodePools({ pools: [{ name: `${long}1#p`, capabilities: {} }] }, MANY, createCutter(20));
  assert.equal(named?.rows[0]?.host, one.host, 'a cut pool still belongs to its backend');
});

test('__proto__ in an answer changes no prototype and no row', () => {
  const body = JSON.parse(
    '{"services":[{"__proto__":{"binary":"cinder-volume","host":"evil","polluted":true}},{"binary":"cinder-volume","host":"h@b","constructor":{"prototype":{"polluted":1}}}],"__proto__":{"polluted":1}}',
  ) as unknown;
  const decoded = decodeServices(body, MANY, createCutter(64));
  assert.deepEqual(
    decoded?.rows.map((row) => row.host),
    ['h@b'],
  );
  assert.equal(decoded.rejected, 1);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
