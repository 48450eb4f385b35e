import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Condition } from '../../src/cinder/conditions.ts';
import { type Recorded, type AvailabilityReport, reportOf, type Subject } from '../../src/report/availability.ts';
import { renderCsv, renderJson, renderMarkdown, renderTable } from '../../src/report/render.ts';
import { renderPage } from '../../src/report/page.ts';
import { lengthText, shareText } from '../../src/report/words.ts';
import { bytesText } from '../../src/text.ts';

/** The range of these tests is 1000 seconds; it begins at 0, and what was recorded may begin before. */
const RANGE = { fromMs: 0, toMs: 1_000_000 };

/** `up 0-100, down 100-250`: conditions from one second to another. */
function states(text: string): { fromMs: number; toMs: number; value: Condition }[] {
  return text.split(', ').map((part) => {
    const [, value, from, to] = /^(\w+) (-?\d+)-(-?\d+)$/.exec(part) ?? assert.fail(part);
    return { value: value as Condition, fromMs: Number(from) * 1000, toMs: Number(to) * 1000 };
  });
}

/** `0-100, 200-300` */
function spans(text: string): { fromMs: number; toMs: number }[] {
  return states(text.replace(/(^|, )/g, '$1up ')).map(({ fromMs, toMs }) => ({ fromMs, toMs }));
}

function cloud(conditions: Readonly<Record<string, string>>, more: Partial<Recorded> = {}): Recorded {
  return {
    target: { job: 'cinder-exporter' },
    conditions: new Map(Object.entries(conditions).map(([host, text]) => [host, states(text)])),
    held: new Map(),
    read: spans('-1000-2000'),
    types: new Map(),
    reasons: new Map(),
    capacity: new Map(),
    ...more,
  };
}

/** The one backend of a cloud, in seconds. */
function backend(text: string, more: Partial<Recorded> = {}): Subject {
  const [one] = reportOf([cloud({ 'a@lvm': text }, more)], RANGE, []).backends;
  return one ?? assert.fail('no backend');
}

function figures(one: Subject) {
  return {
    usable: one.usableMs / 1000,
    unusable: one.unusableMs / 1000,
    planned: one.plannedMs / 1000,
    unobserved: one.unobservedMs / 1000,
    outages: one.outages.map(({ fromMs, toMs, before, after }) =>
      [before ? '<' : '', fromMs / 1000, '-', toMs / 1000, after ? '>' : ''].join(''),
    ),
  };
}

const CASES: readonly (readonly [
  what: string,
  states: string,
  figures: ReturnType<typeof figures>,
  more?: Partial<Recorded>,
])[] = [
  ['up', 'up 0-1000', { usable: 1000, unusable: 0, planned: 0, unobserved: 0, outages: [] }],
  [
    'an outage counts from the change of the condition on',
    'up 0-100, stale 100-150, down 150-200, up 200-1000',
    { usable: 900, unusable: 100, planned: 0, unobserved: 0, outages: ['100-200'] },
  ],
  [
    'degraded and assumed up are usable; planned time stands apart and ends an outage',
    'up_assumed 0-100, degraded 100-200, service_down 200-300, disabled 300-500, frozen 500-600, failing 600-650, up 650-1000',
    { usable: 550, unusable: 150, planned: 300, unobserved: 0, outages: ['200-300', '600-650'] },
  ],
  [
    'a gap is a gap: not up, and not the end of an outage',
    'up 0-100, down 100-200, down 300-400, up 400-500, up 600-1000',
    { usable: 600, unusable: 200, planned: 0, unobserved: 200, outages: ['100-400'] },
  ],
  [
    'an outage ends when its end is seen, and begins when it is seen',
    'up 0-100, down 150-200, up 260-1000',
    { usable: 840, unusable: 50, planned: 0, unobserved: 110, outages: ['150-260'] },
  ],
  [
    'unknown is not observed',
    'up 0-100, unknown 100-300, up 300-400, down 400-500, unknown 500-600, down 600-700, up 700-1000',
    { usable: 500, unusable: 200, planned: 0, unobserved: 300, outages: ['400-700'] },
  ],
  [
    'the range begins and ends in an outage',
    'up -500--100, down -100-50, up 50-900, down 900-1500',
    { usable: 850, unusable: 150, planned: 0, unobserved: 0, outages: ['<0-50', '900-1000>'] },
  ],
  [
    'an outage that ends with the range has ended, and one that begins with it has begun',
    'up -100-0, down 0-10, up 10-990, down 990-1000, up 1000-1100',
    { usable: 980, unusable: 20, planned: 0, unobserved: 0, outages: ['0-10', '990-1000'] },
  ],
  [
    'nothing is seen after an outage',
    'up 0-600, down 600-700',
    { usable: 600, unusable: 100, planned: 0, unobserved: 300, outages: ['600-700>'] },
  ],
  [
    'what is held is not observed, and holds an outage together',
    'up 0-100, down 100-300, up 300-1000',
    { usable: 750, unusable: 100, planned: 0, unobserved: 150, outages: ['100-300'] },
    { held: new Map([['a@lvm', spans('150-250, 500-550')]]) },
  ],
  [
    'what is recorded while nobody reads the service list is not observed',
    'up 0-1000',
    { usable: 600, unusable: 0, planned: 0, unobserved: 400, outages: [] },
    { read: spans('0-300, 500-800') },
  ],
  [
    'without any cinder_up all that was recorded counts',
    'up 0-400, down 400-1000',
    { usable: 400, unusable: 600, planned: 0, unobserved: 0, outages: ['400-1000>'] },
    { read: undefined },
  ],
  [
    'replicas that contradict each other: trouble goes first, then what is usable; unknown is no contradiction',
    'up 0-1000, down 100-200, unknown 300-400, disabled 500-600',
    { usable: 900, unusable: 100, planned: 0, unobserved: 0, outages: ['100-200'] },
  ],
];

for (const [what, text, expected, more] of CASES) {
  test(what, () => {
    assert.deepEqual(figures(backend(text, more)), expected);
  });
}

test('shares, repair times, conditions and reasons', () => {
  const one = backend(
    'up 0-100, down 100-300, up 300-400, disabled 400-500, stale 500-520, down 520-600, up 600-800, down 950-1000',
    {
      reasons: new Map([['a@lvm', [{ fromMs: 350_000, toMs: 480_000, value: 'new disks' }]]]),
    },
  );
  assert.equal(one.availability, 400 / 750);
  assert.equal(one.coverage, 0.85);
  assert.equal(one.meanRepairMs, 150_000);
  assert.equal(one.longestRepairMs, 200_000);
  assert.deepEqual(
    one.outages.map(({ conditions }) => conditions),
    [['down'], ['stale', 'down'], ['down']],
  );
  assert.deepEqual(
    one.planned.map(({ conditions, reason }) => ({ conditions, reason })),
    [{ conditions: ['disabled'], reason: 'new disks' }],
  );
  assert.equal(backend('unknown 0-1000').availability, undefined);
  assert.equal(backend('disabled 0-1000').availability, undefined);
  assert.equal(backend('disabled 0-1000').coverage, 1);
});

describe('volume types', () => {
  const type = (conditions: Readonly<Record<string, string>>, members: Readonly<Record<string, string>>): Subject => {
    const hosts = new Map(Object.entries(members).map(([host, text]) => [host, spans(text)]));
    const [one] = reportOf([cloud(conditions, { types: new Map([['gold', hosts]]) })], RANGE, []).volumeTypes;
    return one ?? assert.fail('no type');
  };

  test('usable while one of its backends is; down when none is', () => {
    const one = type(
      { 'a@x': 'up 0-100, down 100-300, up 300-1000', 'b@x': 'up 0-200, service_down 200-400, up 400-1000' },
      { 'a@x': '0-1000', 'b@x': '0-1000' },
    );
    assert.deepEqual(figures(one), { usable: 900, unusable: 100, planned: 0, unobserved: 0, outages: ['200-300'] });
    assert.deepEqual(one.members, ['a@x', 'b@x']);
  });

  test('nobody knows when none is usable and one is not observed; planned backends do not serve', () => {
    const one = type(
      { 'a@x': 'down 0-300, up 300-1000', 'b@x': 'unknown 0-100, disabled 100-1000' },
      { 'a@x': '0-1000', 'b@x': '0-1000' },
    );
    assert.deepEqual(figures(one), { usable: 700, unusable: 200, planned: 0, unobserved: 100, outages: ['100-300'] });
  });

  test('a backend counts from when it was first seen to serve the type until it was last seen, gaps included', () => {
    const one = type({ 'a@x': 'up 0-1000', 'b@x': 'down 0-1000' }, { 'a@x': '500-1000', 'b@x': '0-100, 700-1000' });
    assert.deepEqual(figures(one), { usable: 500, unusable: 500, planned: 0, unobserved: 0, outages: ['0-500'] });
  });
});

test('capacity: at the start, at the end, growth, and days until full at that pace', () => {
  const day = 86_400_000;
  const range = { fromMs: 0, toMs: 10 * day };
  const fill = (host: string, free: readonly number[]) =>
    [host, free.map((freeBytes, i) => ({ atMs: i * 5 * day, totalBytes: 1000, freeBytes }))] as const;
  const conditions = { 'a@x': 'up 0-1000', 'b@x': 'up 0-1000', 'c@x': 'up 0-1000' };
  const { backends, volumeTypes } = reportOf(
    [
      cloud(conditions, {
        capacity: new Map([fill('a@x', [900, 850, 800]), fill('b@x', [500, 550, 600])]),
        types: new Map([['all', new Map(Object.keys(conditions).map((host) => [host, spans('0-1000')]))]]),
      }),
    ],
    range,
    [],
  );
  const of = (name: string) => backends.find((one) => one.name === name)?.capacity;
  assert.deepEqual([of('a@x')?.growthBytes, of('a@x')?.daysUntilFull], [100, 80]);
  assert.deepEqual([of('b@x')?.growthBytes, of('b@x')?.daysUntilFull], [-100, undefined]);
  assert.equal(of('c@x'), undefined);
  assert.deepEqual([volumeTypes[0]?.capacity?.end.totalBytes, volumeTypes[0]?.capacity?.growthBytes], [2000, 0]);
});

test('a cinder_up that was kept for a shorter time than the conditions is not taken for blindness', () => {
  const day = 86_400;
  const long = { fromMs: 0, toMs: 30 * day * 1000 };
  const { backends, notes } = reportOf(
    [cloud({ 'a@x': `up 0-${30 * day}` }, { read: spans(`${20 * day}-${30 * day}`) })],
    long,
    [],
  );
  assert.equal(backends[0]?.coverage, 1);
  assert.match(notes.join(), /cinder_up is not in Prometheus/);
});

test('lengths, shares and sizes for people; a share is never rounded up', () => {
  assert.deepEqual([0, 59_400, 60_000, 3_661_000, 90_061_000].map(lengthText), [
    '0 s',
    '59 s',
    '1 min',
    '1 h 1 min 1 s',
    '1 d 1 h 1 min 1 s',
  ]);
  assert.deepEqual([1, 0.999_999, 0.5, undefined].map(shareText), ['100.000 %', '99.999 %', '50.000 %', '-']);
  assert.deepEqual([0, 1023, 1536, -(2 ** 40), 2000 * 2 ** 30].map(bytesText), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '-1 TiB',
    '2.0 TiB',
  ]);
});

describe('what came from elsewhere does no harm', () => {
  const HOSTILE = '=cmd|"<script>alert(1)</script>\u202e\u001b[2J`*\r\n@x';
  const hostile: AvailabilityReport = reportOf(
    [
      cloud(
        { [HOSTILE]: 'down 0-500, disabled 500-1000' },
        {
          target: { cloud: '<img src=x>' },
          reasons: new Map([[HOSTILE, [{ fromMs: 500_000, toMs: 900_000, value: HOSTILE }]]]),
        },
      ),
      cloud({ 'a@x': 'up 0-1000' }),
    ],
    RANGE,
    [],
  );

  test('HTML', () => {
    const page = renderPage(hostile);
    assert.ok(
      !page.includes('<script') && !page.includes('<img') && !page.includes('\u202e') && !page.includes('\u001b'),
    );
    assert.ok(page.includes('&lt;script&gt;'));
  });

  test('Markdown has no HTML and no broken table', () => {
    const text = renderMarkdown(hostile);
    assert.ok(!/(?<!\\)<script/.test(text));
    const lines = text.split('\n').filter((line) => line.startsWith('|') && line.includes('script'));
    assert.ok(lines.length >= 3);
    for (const line of lines) assert.ok([9, 7, 6].includes((line.match(/(?<!\\) \| /g) ?? []).length + 1), line);
  });

  test('a terminal is not steered', () => {
    assert.ok(!renderTable(hostile).includes('\u001b'));
  });

  test('CSV starts no formula, and its quotes are doubled', () => {
    const text = renderCsv(hostile);
    assert.ok(text.includes(`"'=cmd|""<script>`));
    assert.ok(!/(^|,)"?=/m.test(text));
  });

  test('JSON is JSON', () => {
    const { backends } = JSON.parse(renderJson(hostile)) as { backends: readonly { name: string }[] };
    assert.ok(backends.some(({ name }) => name === HOSTILE));
  });
});
