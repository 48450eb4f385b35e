import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import type { Backend } from '../../src/cinder/model.ts';
import { judge, NOW_MS, pool, service } from '../support/samples.ts';

const HOSTS = ['a@x', 'b@x', 'k@x', 'a@x-2', 'plain', 'a@x@y', 'q"\n\\@é'] as const;
const time = fc.option(fc.integer({ min: NOW_MS - 600_000, max: NOW_MS + 600_000 }), { nil: undefined });
const maybe = fc.constantFrom(true, false, undefined);
const host = fc.constantFrom(...HOSTS);
const word = fc.constantFrom('up', 'down', 'degraded', '', 'UP', '__proto__');

const services = fc.uniqueArray(
  fc
    .record({
      host,
      binary: fc.constantFrom('cinder-volume', 'cinder-volume', 'cinder-scheduler'),
      cluster: fc.option(host, { nil: undefined }),
      enabled: maybe,
      up: maybe,
      frozen: maybe,
      updatedAtMs: time,
    })
    .map(({ host, ...said }) => service(host, said)),
  { selector: ({ binary, host }) => `${binary} ${host}`, maxLength: 12 },
);
const pools = fc.option(
  fc.array(
    fc
      .record({
        host,
        pool: fc.constantFrom('p', 'q'),
        backendState: fc.option(word, { nil: undefined }),
        statsAtMs: time,
      })
      .map(({ host, pool: name, ...said }) => pool(`${host}#${name}`, said)),
    { maxLength: 10 },
  ),
  { nil: undefined },
);
const words = fc.dictionary(host, fc.option(word, { nil: null })).map((said) => new Map(Object.entries(said)));

/** What must not depend on the order of rows. */
function verdict({ host, condition, state, reported, statsAtMs, heartbeatAtMs }: Backend): object {
  return { host, condition, state, reported, statsAtMs, heartbeatAtMs };
}

test('the verdict is one condition, and its state follows from it and from evidence that is there', () => {
  fc.assert(
    fc.property(services, pools, words, (rows, stats, said) => {
      for (const backend of judge(rows, { pools: stats, words: said })) {
        const { condition, state, reason } = backend;
        assert.ok(CONDITIONS.includes(condition));
        assert.ok(reason.length > 0 && !/\n/.test(reason));
        if (['up', 'up_assumed'].includes(condition)) assert.equal(state, 1);
        else if (condition === 'down') assert.equal(state, 0);
        else if (condition !== 'degraded') assert.equal(state, undefined);
        assert.equal(backend.reported === undefined, backend.pools.length === 0);
        if (state !== undefined) {
          const alive = (row: (typeof rows)[number]): boolean =>
            row.up === true || (row.up === false && (row.updatedAtMs ?? 0) > NOW_MS + 60_000);
          assert.ok(backend.services.some((row) => alive(row) && row.enabled !== false && row.frozen !== true));
          const listed = backend.services.some((row) => typeof said.get(row.host) === 'string');
          assert.ok(backend.pools.length > 0 || listed, 'a state without any evidence');
        }
        if (state === 1 && backend.pools.length > 0) {
          assert.ok(backend.pools.some((p) => p.backendState === undefined || p.backendState === 'up'));
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('each backend comes once, and each has its own rows only', () => {
  fc.assert(
    fc.property(services, pools, words, (rows, stats, said) => {
      const backends = judge(rows, { pools: stats, words: said });
      const names = backends.map((backend) => backend.host);
      assert.deepEqual(names, [...new Set(names)].toSorted());
      const volume = rows.filter((row) => row.binary === 'cinder-volume');
      assert.equal(backends.flatMap((backend) => backend.services).length, volume.length);
      for (const backend of backends) assert.ok(backend.pools.every((p) => p.host === backend.host));
    }),
  );
});

test('pure: the input is not touched, and the order of rows does not matter', () => {
  fc.assert(
    fc.property(services, pools, words, (rows, stats, said) => {
      const before = structuredClone([rows, stats, said]);
      const first = judge(rows, { pools: stats, words: said });
      assert.deepEqual([rows, stats, said], before);
      // Words of clustered services differ nowhere in Cinder: it lists null for all of them.
      const sane = new Map([...said].filter(([host]) => !rows.some((row) => row.host === host && row.cluster)));
      const there = judge(rows, { pools: stats, words: sane }).map(verdict);
      const back = judge(rows.toReversed(), { pools: stats?.toReversed(), words: sane }).map(verdict);
      assert.deepEqual(back, there);
      assert.deepEqual(judge(rows, { pools: stats, words: said }), first);
    }),
  );
});
