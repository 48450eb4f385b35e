import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CONDITIONS } from '../../src/cinder/conditions.ts';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { recording } from '../support/recording.ts';
import { awkwardText, byteChanges, changed, hostileCloud, type HostileCloud } from './hostile-bodies.ts';
import { hostilePage, type HostilePage } from './hostile-page.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const pageFor = ({ services, pools, types }: HostileCloud): Promise<HostilePage> =>
  hostilePage({ services: json({ services }), pools: json({ pools }), types: { volume_types: types } });

/** Both forms of a page are read by a parser that forgives nothing, equal series among it. */
async function read(page: HostilePage): Promise<Exposition> {
  const [text, openmetrics] = await Promise.all([page.text('text'), page.text('openmetrics')]);
  const parsed = parseExposition(text, 'text');
  const other = parseExposition(openmetrics, 'openmetrics');
  const count = (one: Exposition): number => [...one.families.values()].flatMap(({ samples }) => samples).length;
  assert.equal(count(parsed), count(other));
  return parsed;
}

function assertSound(page: Exposition): void {
  for (const { name, samples } of page.families.values())
    for (const { value } of samples) assert.ok(!Number.isNaN(value), `NaN in ${name}`);
  const samples = page.samples('cinder_backend_condition');
  const hosts = new Set(samples.map(({ labels }) => labels['host']));
  assert.equal(samples.length, hosts.size * CONDITIONS.length);
  const holding = samples.filter(({ value }) => value === 1).map(({ labels }) => labels['host']);
  assert.equal(holding.length, hosts.size);
  assert.deepEqual(new Set(holding), hosts, 'exactly one condition of each');
  for (const { value } of page.samples('cinder_backend_state')) assert.ok(value === 0 || value === 1);
}

/** Does any raw row of this backend say the word, in the driver stats or in the list? */
function evidence(
  { services, pools }: HostileCloud,
  host: string,
  says: (word: unknown, of: 'list' | 'stats') => boolean,
): boolean {
  const text = (value: unknown): string => (typeof value === 'string' ? value.toWellFormed() : '');
  return (
    services.some((row) => {
      const { host: own, cluster, backend_state: word } = (row ?? {}) as Record<string, unknown>;
      return (text(own) === host || text(String(cluster)) === host) && says(word, 'list');
    }) ||
    pools.some((row) => {
      const { name, capabilities } = (row ?? {}) as { name?: unknown; capabilities?: Record<string, unknown> };
      const stats = capabilities ?? {};
      const word = Object.hasOwn(stats, 'backend_state') ? stats['backend_state'] : undefined;
      return text(name).split('#')[0] === host && says(word, 'stats');
    })
  );
}

test('whatever a cloud answers: a page that is right in both forms, and no state without a word for it', async () => {
  await fc.assert(
    fc.asyncProperty(hostileCloud, async (cloud) => {
      const page = await pageFor(cloud);
      assertSound(await read(page));
      for (const { host, condition } of page.snapshot.backends) {
        if (condition === 'down')
          assert.ok(
            evidence(cloud, host, (word) => word === 'down'),
            `${host} is not down`,
          );
        if (condition === 'up')
          assert.ok(
            evidence(cloud, host, (word, of) => of === 'stats' && word === 'up'),
            `${host} is not up`,
          );
        if (condition === 'up_assumed')
          assert.ok(
            evidence(cloud, host, (word, of) => (of === 'stats' ? word === undefined : word === 'up')),
            `${host} may not be up`,
          );
      }
    }),
    { numRuns: 250 },
  );
});

test('names with any character arrive as they are, and two stay two', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(awkwardText, awkwardText, awkwardText), { maxLength: 6 }),
      async (names) => {
        const usable = names.filter(([host]) => host !== '');
        const services = usable.map(([host, zone, reason]) => ({
          binary: 'cinder-volume',
          host,
          zone,
          status: 'disabled',
          disabled_reason: reason,
        }));
        const pools = usable
          .filter(([host]) => !host.startsWith('#'))
          .map(([host, pool, vendor]) => ({
            name: `${host.replaceAll('#', '')}#${pool}`,
            capabilities: { vendor_name: vendor },
          }));
        const page = await read(await hostilePage({ services: json({ services }), pools: json({ pools }) }));
        const shown = page
          .samples('cinder_service_info')
          .map(({ labels }) => [labels['host'], labels['zone'], labels['disabled_reason']]);
        for (const [host, zone, reason] of usable) {
          const wanted = [host, zone, reason].map((text) => text.toWellFormed());
          const rows = usable.filter(([other]) => other.toWellFormed() === wanted[0]);
          if (rows.length > 1) continue;
          assert.ok(
            shown.some((labels) => JSON.stringify(labels) === JSON.stringify(wanted)),
            JSON.stringify(wanted),
          );
        }
        assert.equal(shown.length, new Set(usable.map(([host]) => host.toWellFormed())).size);
        const known = page.samples('cinder_pool_info').map(({ labels }) => `${labels['host']}#${labels['pool']}`);
        const wanted = pools.map(({ name }) => name.toWellFormed()).filter((name) => !name.startsWith('#'));
        assert.deepEqual(known.toSorted(), [...new Set(wanted)].toSorted());
      },
    ),
    { numRuns: 150 },
  );
});

test('recorded answers with some bytes changed: an error, or a sound page', async () => {
  const services = json(recording('os-services-3.49-admin'));
  const pools = json(recording('get_pools-3.70-detail'));
  await fc.assert(
    fc.asyncProperty(byteChanges, byteChanges, async (first, second) => {
      const page = await hostilePage({ services: changed(services, first), pools: changed(pools, second) });
      for (const { rows, problem } of [page.services, page.pools])
        assert.ok(rows !== undefined || problem !== undefined);
      assertSound(await read(page));
    }),
    { numRuns: 200 },
  );
});

test('recorded answers with some values replaced: a sound page', async () => {
  const replace = (value: unknown, pick: () => number, by: unknown): unknown => {
    if (pick() < 0.02) return by;
    if (Array.isArray(value)) return value.map((one) => replace(one, pick, by));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one, pick, by)]));
  };
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.jsonValue(),
      async (stream, by) => {
        const pick = (): number => Number(stream.next().value);
        const bodies = ['os-services-3.49-clustered', 'get_pools-3.70-detail'].map((name) =>
          replace(recording(name), pick, by),
        );
        assertSound(await read(await hostilePage({ services: json(bodies[0]), pools: json(bodies[1]) })));
      },
    ),
    { numRuns: 60 },
  );
});

test('keys of prototypes pollute nothing', async () => {
  const poison = '{"__proto__":{"polluted":1,"backend_state":"up"},"constructor":{"prototype":{"polluted":1}}}';
  const services = Buffer.from(
    `{"__proto__":{"services":[]},"services":[{"binary":"cinder-volume","host":"__proto__","state":"up","status":"enabled","x":${poison}}]}`,
  );
  const pools = Buffer.from(
    `{"pools":[{"name":"__proto__#__proto__","capabilities":${poison}},{"name":"constructor","capabilities":{"__proto__":{"backend_state":"down"}}}]}`,
  );
  const page = await hostilePage({
    services,
    pools,
    types: JSON.parse(`{"volume_types":[{"id":"__proto__","name":"__proto__","extra_specs":${poison}}]}`),
  });
  const parsed = await read(page);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.equal(parsed.value('cinder_backend_state_reported', { host: '__proto__' }), 0);
});
