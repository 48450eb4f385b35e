import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from './exposition-parser.ts';

const head = '# HELP a A.\n# TYPE a gauge\n';

test('labels with dots, quotes, newlines, commas and braces come back as they were', () => {
  const page = `${head}a{host="rbd:a.b@x",reason="he said \\"no\\"\\nb\\\\n, c=\\"d\\" } 1"} 2.5e-3\na +Inf\n`;
  const parsed = parseExposition(page, 'text');
  assert.deepEqual(parsed.samples('a'), [
    { name: 'a', labels: { host: 'rbd:a.b@x', reason: 'he said "no"\nb\\n, c="d" } 1' }, value: 0.0025 },
    { name: 'a', labels: {}, value: Infinity },
  ]);
  assert.equal(parsed.value('a', { host: 'rbd:a.b@x' }), 0.0025);
  assert.equal(parsed.value('a', { host: 'other' }), undefined);
  assert.throws(() => parsed.value('a'), /2 samples of a/);
});

test('OpenMetrics: counters, units and the end', () => {
  const page = '# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes A.\na_bytes_total{x="1"} 3\n# EOF\n';
  const family = parseExposition(page, 'openmetrics').families.get('a_bytes');
  assert.deepEqual(family, {
    name: 'a_bytes',
    type: 'counter',
    help: 'A.',
    unit: 'bytes',
    samples: [{ name: 'a_bytes_total', labels: { x: '1' }, value: 3 }],
  });
});

const bad: readonly (readonly [string, string, 'text' | 'openmetrics', RegExp])[] = [
  ['no line feed at the end', `${head}a 1`, 'text', /does not end with a line feed/],
  ['no # EOF', `# TYPE a gauge\n# HELP a A.\na 1\n`, 'openmetrics', /last line is not # EOF/],
  ['# EOF in the middle', `# TYPE a gauge\n# HELP a A.\n# EOF\na 1\n# EOF\n`, 'openmetrics', /not a sample/],
  ['a sample without TYPE', 'a 1\n', 'text', /before TYPE and HELP/],
  ['a sample of another family', `${head}b 1\n`, 'text', /not a sample of gauge a/],
  [
    'interleaved families',
    `${head}a 1\n# HELP b B.\n# TYPE b gauge\nb 1\n${head}a{x="1"} 1\n`,
    'text',
    /family comes twice/,
  ],
  ['the same series twice', `${head}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n`, 'text', /series comes twice/],
  ['a label twice', `${head}a{x="1",x="2"} 1\n`, 'text', /label x comes twice/],
  ['a bad label', `${head}a{x=1} 1\n`, 'text', /bad labels/],
  ['a bad value', `${head}a 0x10\n`, 'text', /bad value/],
  ['a timestamp', `${head}a 1 1700000000000\n`, 'text', /not a sample/],
  ['an empty line', `${head}\na 1\n`, 'text', /not a sample/],
  ['an unknown type', '# HELP a A.\n# TYPE a info\na 1\n', 'text', /unknown type/],
  ['an empty HELP', '# HELP a \n# TYPE a gauge\na 1\n', 'text', /HELP says nothing/],
  [
    'a unit that is no suffix',
    '# TYPE a gauge\n# UNIT a bytes\n# HELP a A.\na 1\n# EOF\n',
    'openmetrics',
    /not the suffix/,
  ],
  ['HELP before TYPE', '# HELP a A.\n# TYPE a gauge\na 1\n# EOF\n', 'openmetrics', /order is TYPE, UNIT, HELP/],
  [
    'a counter without _total',
    '# TYPE a counter\n# HELP a A.\na 1\n# EOF\n',
    'openmetrics',
    /not a sample of counter a/,
  ],
];
for (const [name, page, format, message] of bad) {
  test(`refused: ${name}`, () => assert.throws(() => parseExposition(page, format), message));
}
