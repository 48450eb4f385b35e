import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canServe, withProtocolVariants } from '../../src/cinder/capabilities-filter.ts';
import type { Json } from '../../src/cinder/wire.ts';
import { createRandom, type Random } from '../soak/random.ts';

/** Debian's Python with Debian's Cinder; another one, such as a virtual environment's, by the variable. */
const PYTHON = process.env['CINDER_PYTHON'] ?? '/usr/bin/python3';
const CASES = 30_000;

interface Case {
  readonly stats: Json;
  readonly specs: Readonly<Record<string, string | null>>;
}
interface Verdict {
  readonly shown: Json;
  /** null: Cinder raises. */
  readonly passes: boolean | null;
}

/** Words that mean something to an operator of the filter, to Python's float or to its booleans. */
const PLAIN_WORDS =
  '1 0 2 10 -3 +4. .5 1e3 1_0 1__0 0x10 nan -Inf infinity infinite True false yes on t None up down ' +
  'iSCSI iscsi FC fc fibre_channel NFS nfs NVMe-oF nvmeof NVMe-TCP gold GOLD golden ä \u{1f600} \uffee';
const WORDS: readonly string[] = [...PLAIN_WORDS.split(' '), '', 'a b'];
const OPERATORS = [
  '=',
  '==',
  '!=',
  '>=',
  '<=',
  's==',
  's!=',
  's<',
  's<=',
  's>',
  's>=',
  '<in>',
  '<is>',
  '<or>',
  '>',
  '<',
];
const SPACES = [' ', ' ', ' ', '  ', '\t', '\u00a0', '\u2003', '\u001c', '\u0085', '\ufeff', ''];
const KEYS = ['a', 'b', 'storage_protocol', 'volume_backend_name', 'multiattach'] as const;

function valueOf(random: Random, depth = 0): unknown {
  const kind = random.next();
  if (kind < 0.45) return random.pick(WORDS);
  if (kind < 0.6) return random.pick([0, 1, 2, 10, -3, 0.5, 1e21, 123_456_789_012]);
  if (kind < 0.7) return random.next() < 0.5;
  if (kind < 0.75) return null;
  if (kind < 0.9 || depth > 2) return Array.from({ length: random.between(0, 4) }, () => valueOf(random, depth + 1));
  return Object.fromEntries(KEYS.slice(0, 2).map((key) => [key, valueOf(random, depth + 1)]));
}

function demandOf(random: Random, value: unknown): string | null {
  if (random.next() < 0.03) return null;
  // Half of the time what the pool has, or a part of it: two random words seldom agree.
  const near = typeof value === 'string' || typeof value === 'number' ? String(value) : 'True';
  const word = (): string => (random.next() < 0.5 ? near : random.pick(WORDS));
  if (random.next() < 0.25) return word();
  const length = Math.floor(random.between(0, 5));
  const rest = Array.from({ length }, (_, i) => (i % 2 === 1 && random.next() < 0.8 ? '<or>' : word()));
  return [random.pick(['', '', ' ']), random.pick(OPERATORS), ...rest.map((one) => random.pick(SPACES) + one)].join('');
}

function caseOf(random: Random): Case {
  const told = KEYS.filter(() => random.next() < 0.7).map((key) => [key, valueOf(random)] as const);
  const stats: Record<string, unknown> = Object.fromEntries(told);
  // The scheduler names the pool after this one. Of a list of protocols the API shows the first alone, and nobody can tell the others (an empty one is its end).
  stats['volume_backend_name'] = random.pick(['gold', 'iscsi', '10']);
  if (Array.isArray(stats['storage_protocol'])) stats['storage_protocol'] = random.pick(WORDS);
  const specs: Record<string, string | null> = {};
  for (let n = random.between(0, 3); n > 0; n -= 1) {
    const key = random.pick(KEYS);
    const before = random.pick(['', '', '', 'capabilities:', 'capabilities:', 'vendor:', 'RESKEY:', 'capabilities']);
    specs[before + key + random.pick(['', '', '', ':a', ':b', ':a:b', ':'])] = demandOf(random, stats[key]);
  }
  return { stats, specs };
}

test(`${CASES} generated cases: the capabilities filter says what Cinder's own says`, (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
  t.diagnostic(`SEED=${seed}`);
  const random = createRandom(seed);
  const cases = Array.from({ length: CASES }, () => caseOf(random));
  const counts = compare(cases);
  t.diagnostic(JSON.stringify(counts));
  // Cases that always end in the same way would prove nothing.
  assert.ok(counts.passed > CASES / 20 && counts.refused > CASES / 20 && counts.raised > 0, JSON.stringify(counts));
});

test("Cinder's own cases are as the table in test/cinder has them", () => {
  const file = new URL('../cinder/capabilities-filter-cases.json', import.meta.url);
  const { match, filter } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly match: readonly { value: unknown; req: string | null; matches: boolean }[];
    readonly filter: readonly { ecaps: Json; especs: Case['specs']; passes: boolean }[];
  };
  const cases = [
    ...match.map(({ value, req }) => ({ stats: { a: value }, specs: { a: req } })),
    ...filter.map(({ ecaps, especs }) => ({ stats: ecaps, specs: especs })),
  ];
  const expected = [...match.map((row) => row.matches), ...filter.map((row) => row.passes)];
  assert.deepEqual(
    askCinder(cases).map(({ passes }) => passes),
    expected,
  );
});

/** Compares each with the real code's verdict on what the API shows of the pool. */
function compare(cases: readonly Case[]): { passed: number; refused: number; raised: number } {
  const verdicts = askCinder(cases);
  assert.equal(verdicts.length, cases.length);
  const differing = cases.flatMap((one, i) => {
    const { shown, passes } = verdicts[i] as Verdict;
    const ours = canServe(withProtocolVariants(shown), Object.entries(one.specs));
    return ours === (passes ?? false) ? [] : [{ ...one, cinder: passes, ours }];
  });
  assert.equal(
    differing.length,
    0,
    `${differing.length} differ: ${JSON.stringify(differing.slice(0, 5), undefined, 1)}`,
  );
  const count = (wanted: boolean | null): number => verdicts.filter(({ passes }) => passes === wanted).length;
  return { passed: count(true), refused: count(false), raised: count(null) };
}

function askCinder(cases: readonly Case[]): readonly Verdict[] {
  const script = fileURLToPath(new URL('capabilities-filter.py', import.meta.url));
  const ran = spawnSync(PYTHON, [script], { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 2 ** 30 });
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout) as readonly Verdict[];
}
