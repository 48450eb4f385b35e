import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assess } from '../../src/cinder/assess.ts';
import { NO_EVIDENCE, standing, withPools, withServices } from '../../src/cinder/evidence.ts';
import { atOnce } from '../../src/slices.ts';
import type { Pool, Service } from '../../src/cinder/model.ts';
import { NOW_MS, pool, service } from '../support/samples.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STALE_AFTER_MS = 5 * MINUTE;

/** A cloud that is watched for a while: `minute` says what is answered then. Our monotonic clock starts at 7 s, Cinder's at NOW_MS. */
function watch() {
  let evidence = NO_EVIDENCE;
  let disagreements = 0;
  let now = 7 * SECOND;
  const cinderMs = (): number => NOW_MS + now - 7 * SECOND;
  const when = () => ({ readAt: now, cinderTimeMs: undefined });
  const watched = {
    cinderMs,
    list(rows: readonly Partial<Service>[] = [{}], late = false) {
      const clock = service('ctl', { binary: 'cinder-scheduler', updatedAtMs: cinderMs() });
      const services = rows.map((said) => service('h@a', { updatedAtMs: cinderMs(), ...said }));
      ({ evidence } = atOnce(
        withServices(evidence, [clock, clock, clock, ...services], when(), { late, whole: true }),
      ));
    },
    /** The pools of one answer; a time is in milliseconds before the answer. */
    pools(rows: readonly (Partial<Pool> & { readonly ago?: number })[], whole = true) {
      const said = rows.map(({ ago = 0, ...other }, i) => pool(`h@a#p${i}`, { statsAtMs: cinderMs() - ago, ...other }));
      const next = atOnce(withPools(evidence, said, when(), whole));
      evidence = next.evidence;
      disagreements += next.disagreements.length;
    },
    pass: (ms: number) => void (now += ms),
    get disagreements() {
      return disagreements;
    },
    get condition() {
      const stands = standing(evidence, now, STALE_AFTER_MS);
      const judgement = { nowMs: cinderMs(), staleAfterMs: STALE_AFTER_MS, blindness: 'no scheduler answers' };
      const [backend] = [...assess(stands.services ?? [], stands, judgement)].filter(({ host }) => host === 'h@a');
      return backend?.condition;
    },
    get reason() {
      const stands = standing(evidence, now, STALE_AFTER_MS);
      const judgement = { nowMs: cinderMs(), staleAfterMs: STALE_AFTER_MS, blindness: 'no scheduler answers' };
      return [...assess(stands.services ?? [], stands, judgement)][0]?.reason ?? '';
    },
    get held() {
      return evidence.reports.size;
    },
  };
  return watched;
}

const UP = { backendState: 'up' } as const;

test('stale, then the scheduler is restarted and holds nothing: stale, until the driver reports again', () => {
  const cloud = watch();
  const diedMs = cloud.cinderMs();
  for (let minute = 0; minute <= 6; minute += 1) {
    cloud.list();
    cloud.pools([{ ...UP, statsAtMs: diedMs }]);
    cloud.pass(MINUTE);
  }
  assert.equal(cloud.condition, 'stale');
  for (let minute = 0; minute <= 300; minute += 1) {
    cloud.list([{ backendState: minute % 2 ? 'up' : null }]);
    cloud.pools([]);
    assert.equal(cloud.condition, 'stale', `${minute} min after the restart`);
    cloud.pass(MINUTE);
  }
  assert.match(cloud.reason, /no stats for \d+ h, and the scheduler that answered holds none of it/);
  assert.equal(cloud.disagreements, 0, 'one scheduler does not disagree');
  cloud.list();
  cloud.pools([UP]);
  assert.equal(cloud.condition, 'up');
});

test('an outage together with a restart of the scheduler is stale after the limit', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  for (let half = 1; half <= 10; half += 1) {
    cloud.pass(30 * SECOND);
    cloud.list();
    cloud.pools([]);
    assert.equal(cloud.condition, 'up', 'the report is still fresh');
  }
  cloud.pass(SECOND);
  cloud.pools([]);
  assert.equal(cloud.condition, 'stale');
});

test('a restart of the scheduler in good health changes nothing', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  cloud.pass(30 * SECOND);
  cloud.list([{ backendState: null }]);
  cloud.pools([]);
  assert.equal(cloud.condition, 'up');
  cloud.pass(30 * SECOND);
  cloud.pools([UP]);
  assert.equal(cloud.condition, 'up');
  assert.equal(cloud.disagreements, 0);
});

test('two schedulers, one of which never heard of the backend: stale, never up', () => {
  const cloud = watch();
  const diedMs = cloud.cinderMs();
  for (let i = 0; i < 60; i += 1) {
    cloud.list([{ backendState: 'up' }]);
    cloud.pools(i % 2 ? [] : [{ statsAtMs: diedMs }]);
    assert.equal(cloud.condition, i <= 10 ? 'up_assumed' : 'stale', `refresh ${i}`);
    cloud.pass(30 * SECOND);
  }
  assert.equal(cloud.disagreements, 29, 'each return of the same report is one');
});

test('two schedulers, one of which has an older report: the newer counts', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([{ backendState: 'down' }]);
  cloud.pass(10 * SECOND);
  cloud.pools([{ backendState: 'up', ago: 90 * SECOND }]);
  assert.equal(cloud.condition, 'down');
  assert.equal(cloud.disagreements, 1);
});

test('a scheduler that was away for long and holds nothing yet: unknown, then stale when nothing comes', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  for (let minute = 0; minute < 20; minute += 1) {
    cloud.pass(MINUTE);
    cloud.list();
    assert.equal(cloud.condition, minute < 5 ? 'up' : 'unknown', `blind for ${minute + 1} min`);
  }
  assert.equal(cloud.reason, 'heartbeats arrive, but its state cannot be read: no scheduler answers');
  cloud.pools([]);
  assert.equal(cloud.condition, 'unknown');
  assert.match(
    cloud.reason,
    /since the scheduler answers again it holds no driver stats of this backend; the last were published 20 min ago/,
  );
  for (let minute = 0; minute < 5; minute += 1) {
    cloud.pass(MINUTE);
    cloud.list();
    cloud.pools([]);
  }
  cloud.pass(SECOND);
  cloud.pools([]);
  assert.equal(cloud.condition, 'stale');
});

test('stale before the scheduler was away for long is stale when it answers again', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([{ ...UP, ago: 6 * MINUTE }]);
  assert.equal(cloud.condition, 'stale');
  cloud.pass(60 * MINUTE);
  cloud.list();
  assert.equal(cloud.condition, 'unknown', 'nothing can be read');
  cloud.pools([]);
  assert.equal(cloud.condition, 'stale');
});

test('what is held ends with the row, with disabling and with freezing', () => {
  for (const ending of [{ enabled: false }, { frozen: true }, { binary: 'cinder-backup' }]) {
    const cloud = watch();
    cloud.list();
    cloud.pools([{ ...UP, ago: 6 * MINUTE }]);
    cloud.pass(MINUTE);
    cloud.pools([]);
    cloud.list([ending]);
    assert.equal(cloud.held, 0);
    cloud.pass(MINUTE);
    cloud.list();
    cloud.pools([]);
    assert.equal(cloud.condition, 'unknown', 'in use again, and nothing is known');
  }
});

test('a dead service keeps its report, and a late list ends nothing', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([{ ...UP, ago: 6 * MINUTE }]);
  cloud.list([{ up: false }]);
  cloud.pools([]);
  assert.equal(cloud.condition, 'service_down');
  cloud.list([{ enabled: false }], true);
  assert.equal(cloud.held, 1);
  cloud.list();
  cloud.pools([]);
  assert.equal(cloud.condition, 'stale');
});

test('an answer of which rows were rejected does not tell absence', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  for (let minute = 0; minute < 4; minute += 1) {
    cloud.pass(MINUTE);
    cloud.list();
    cloud.pools([], false);
  }
  assert.equal(cloud.condition, 'up');
});

test('stats from the future that do not advance are stale after two polls, and the reason names the clock', () => {
  const cloud = watch();
  const dateMs = cloud.cinderMs() + 60 * MINUTE;
  cloud.list();
  cloud.pools([{ ...UP, statsAtMs: cloud.cinderMs() }]);
  cloud.pass(30 * SECOND);
  for (let i = 0; i <= 4; i += 1) {
    cloud.list();
    cloud.pools([{ ...UP, statsAtMs: dateMs }]);
    assert.equal(cloud.condition, 'up', 'the report before is still fresh');
    cloud.pass(30 * SECOND);
  }
  for (let i = 0; i < 8; i += 1) {
    cloud.pass(30 * SECOND);
    cloud.list();
    cloud.pools([{ ...UP, statsAtMs: dateMs }]);
  }
  assert.equal(cloud.condition, 'stale');
  assert.match(
    cloud.reason,
    /^heartbeats arrive, but the driver stats that the scheduler holds are dated 59 min ahead of Cinder's clock; the last with a date that can be right are 7 min old: .*restart cinder-scheduler$/,
  );
  cloud.pass(SECOND);
  cloud.list();
  cloud.pools([]);
  assert.match(
    cloud.reason,
    /no stats for \d+ min, and the scheduler that answered holds none of it/,
    'a restart of the scheduler',
  );
});

test('the same at the first sight: unknown, then stale', () => {
  const cloud = watch();
  const dateMs = cloud.cinderMs() + 60 * MINUTE;
  const seen = [];
  for (let i = 0; i <= 5; i += 1) {
    cloud.list();
    cloud.pools([{ ...UP, statsAtMs: dateMs }]);
    seen.push(cloud.condition);
    cloud.pass(30 * SECOND);
  }
  assert.deepEqual(seen, ['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'stale']);
  assert.match(
    cloud.reason,
    /not changed for 2 min and are dated 60 min ahead of Cinder's clock.*restart cinder-scheduler$/,
  );
  cloud.list();
  cloud.pools([UP]);
  assert.equal(cloud.condition, 'up', 'a new scheduler has a report of now, older by its date');
  cloud.pass(30 * SECOND);
  cloud.pools([{ backendState: 'down', statsAtMs: dateMs }]);
  assert.equal(cloud.condition, 'up', 'the old date of another scheduler does not beat it');
});

test('stats from the future that advance are fresh, and stale when they stop', () => {
  const cloud = watch();
  const aheadMs = 60 * MINUTE;
  for (let minute = 0; minute < 10; minute += 1) {
    cloud.list([{ up: false, updatedAtMs: cloud.cinderMs() + aheadMs }]);
    cloud.pools([{ ...UP, ago: -aheadMs }]);
    assert.equal(cloud.condition, minute === 0 ? 'unknown' : 'up', `minute ${minute}`);
    cloud.pass(MINUTE);
  }
  const lastMs = cloud.cinderMs() - MINUTE + aheadMs;
  for (let minute = 0; minute < 3; minute += 1) {
    cloud.list([{ up: false, updatedAtMs: lastMs }]);
    cloud.pools([{ ...UP, statsAtMs: lastMs }]);
    cloud.pass(MINUTE);
  }
  assert.equal(cloud.condition, 'stale');
});

test('a clock that jumps ahead while it is watched: the newer report counts from its second date on', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  cloud.pass(MINUTE);
  cloud.pools([{ backendState: 'down', ago: -60 * MINUTE }]);
  assert.equal(cloud.condition, 'up');
  cloud.pass(MINUTE);
  cloud.pools([{ backendState: 'down', ago: -60 * MINUTE }]);
  assert.equal(cloud.condition, 'down');
});

test('pools without a time are as old as their reading', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([{ ...UP, statsAtMs: undefined }]);
  cloud.pass(60 * MINUTE);
  cloud.list();
  cloud.pools([{ ...UP, statsAtMs: undefined }]);
  assert.equal(cloud.condition, 'up');
  for (let minute = 0; minute <= 5; minute += 1) {
    cloud.pass(MINUTE);
    cloud.list();
    cloud.pools([]);
  }
  assert.equal(cloud.condition, 'stale');
});

const WORDS: readonly { name: string; said: (string | undefined)[]; word: string | null; condition: string }[] = [
  { name: 'a newer down of a single pool counts', said: ['up'], word: 'down', condition: 'down' },
  { name: 'a silent pool that is listed down is down', said: [undefined], word: 'down', condition: 'down' },
  { name: 'a newer up may be a default, and ends no trouble', said: ['down'], word: 'up', condition: 'down' },
  {
    name: 'a silent pool does not begin to speak by a default',
    said: [undefined],
    word: 'up',
    condition: 'up_assumed',
  },
  { name: 'null is an answer without the backend', said: ['up'], word: null, condition: 'up' },
  { name: 'of several pools a newer down tells of one', said: ['up', 'up'], word: 'down', condition: 'degraded' },
  { name: 'so does any other word', said: ['up', undefined], word: 'offline', condition: 'degraded' },
];

for (const { name, said, word, condition } of WORDS) {
  test(`the list at 3.49 is newer than the pools: ${name}`, () => {
    const cloud = watch();
    cloud.list();
    cloud.pools(said.map((backendState) => ({ backendState })));
    cloud.pass(30 * SECOND);
    cloud.list([{ backendState: word }]);
    assert.equal(cloud.condition, condition);
    cloud.pools(said.map((backendState) => ({ backendState })));
    assert.notEqual(cloud.condition, condition === 'degraded' ? condition : 'unknown', 'newer pools say it all');
  });
}

test('null in list after list, while the pools cannot be read, becomes stale', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([UP]);
  for (let minute = 0; minute < 4; minute += 1) {
    cloud.pass(MINUTE);
    cloud.list([{ backendState: null }]);
    assert.equal(cloud.condition, 'up');
  }
  cloud.pass(2 * MINUTE);
  cloud.list([{ backendState: null }]);
  assert.equal(cloud.condition, 'stale');
});

test('without a Date one machine whose clock is wrong is not the clock', () => {
  const rows = ['a', 'b', 'c'].flatMap((machine, i) =>
    ['x', 'y'].map((backend) =>
      service(`${machine}@${backend}`, { updatedAtMs: NOW_MS - i * SECOND + (machine === 'b' ? 50 * SECOND : 0) }),
    ),
  );
  const how = { late: false, whole: true };
  const offset = (cinderTimeMs: number | undefined) =>
    atOnce(withServices(NO_EVIDENCE, rows, { readAt: 1000, cinderTimeMs }, how)).evidence.clockOffsetMs;
  assert.equal(offset(undefined), NOW_MS - 1000);
  assert.equal(offset(NOW_MS + 20 * SECOND), NOW_MS + 19 * SECOND, 'a Date is the clock');
  assert.equal(offset(NOW_MS + 60 * MINUTE), NOW_MS - 1000, 'but not when it is far from all heartbeats');
});

const GIB = 1024 ** 3;
/** What some drivers publish when their array does not answer. */
const EMPTY = { totalBytes: 0, freeBytes: 0, allocatedBytes: 4200 * GIB } as const;
const FULL = { totalBytes: 9000 * GIB, freeBytes: 0, allocatedBytes: 4200 * GIB } as const;

test('no capacity at all while volumes are allocated: failing, once two successive reports say so', () => {
  const cloud = watch();
  cloud.list();
  cloud.pools([{ ...EMPTY }]);
  assert.equal(cloud.condition, 'up_assumed', 'one report may be a hiccup');
  cloud.pass(30 * SECOND);
  cloud.list();
  cloud.pools([{ ...EMPTY, ago: 30 * SECOND }]);
  assert.equal(cloud.condition, 'up_assumed', 'the same report, read again');
  cloud.pass(30 * SECOND);
  cloud.list();
  cloud.pools([{ ...EMPTY }]);
  assert.equal(cloud.condition, 'failing');
  assert.equal(
    cloud.reason,
    'its driver reports no capacity at all while 4200 GiB are allocated: the array does not answer it',
  );
  cloud.pass(30 * SECOND);
  cloud.list();
  cloud.pools([{ ...EMPTY, ago: 30 * SECOND }]);
  assert.equal(cloud.condition, 'failing', 'the same report, read again');
  cloud.pass(30 * SECOND);
  cloud.list();
  cloud.pools([{ ...FULL }]);
  assert.equal(cloud.condition, 'up_assumed', 'full is not failing');
});

test('no capacity: what is not failing', () => {
  const again = (...rows: readonly (readonly Partial<Pool>[])[]): string | undefined => {
    const cloud = watch();
    for (const pools of rows) {
      cloud.list();
      cloud.pools(pools);
      cloud.pass(60 * SECOND);
    }
    cloud.list();
    cloud.pools(rows.at(-1) ?? []);
    return cloud.condition;
  };
  const empty = { ...EMPTY };
  assert.equal(again([empty]), 'failing');
  assert.equal(again([{ ...empty, allocatedBytes: 0 }]), 'up_assumed', 'nothing is allocated there');
  assert.equal(again([{ ...empty, allocatedBytes: undefined }]), 'up_assumed', 'nobody knows what is allocated');
  assert.equal(again([{ ...empty, totalBytes: undefined }]), 'up_assumed', 'unknown is not 0');
  assert.equal(again([{ ...empty, totalBytes: Infinity }]), 'up_assumed');
  assert.equal(again([{ ...empty, statsAtMs: undefined }]), 'up_assumed', 'without a time nobody can tell two reports');
  assert.equal(again([{ ...empty, ...UP }]), 'failing', 'whatever the driver says');
  assert.equal(again([{ ...empty, backendState: 'down' }]), 'down', 'the word of the driver is worse');
  assert.equal(again([empty, { ...FULL }]), 'degraded', 'one of two pools');
  assert.equal(again([empty, { ...empty, allocatedBytes: 0 }]), 'failing', 'none of two pools has any');
});
