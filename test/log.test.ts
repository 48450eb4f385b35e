import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { Secret } from '../src/config/secret.ts';
import { createLog, withFields, type Level, type Log } from '../src/log.ts';

function logTo(format: 'logfmt' | 'json', level: Level = 'debug'): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ format, level, write: (line) => void lines.push(line), nowMs: () => 0 }), lines };
}

/** What a reader of logfmt makes of a line. */
function parseLogfmt(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const pattern = /([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |\n$)/gy;
  let read = 0;
  for (const [whole, key = '', value = ''] of line.matchAll(pattern)) {
    fields[key] = value.startsWith('"') ? (JSON.parse(value) as string) : value;
    read += whole.length;
  }
  assert.equal(read, line.length, line);
  return fields;
}

test('logfmt as Prometheus writes it', () => {
  const { log, lines } = logTo('logfmt');
  log('warn', 'Backend changed', { host: 'c1@a.b', reason: 'a "b"\nc', empty: '', n: 5, yes: true, not: undefined });
  assert.deepEqual(lines, [
    'ts=1970-01-01T00:00:00.000Z level=warn msg="Backend changed" host=c1@a.b reason="a \\"b\\"\\nc" empty="" n=5 yes=true\n',
  ]);
});

test('json, one object a line', () => {
  const { log, lines } = logTo('json');
  log('error', 'x\ny', { host: 'h', n: 1, not: undefined });
  assert.equal(lines[0], '{"ts":"1970-01-01T00:00:00.000Z","level":"error","msg":"x\\ny","host":"h","n":1}\n');
});

test('lines below the level are not written', () => {
  const { log, lines } = logTo('logfmt', 'warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, 'x');
  assert.equal(lines.length, 2);
});

test('fields that stand in every line', () => {
  const { log, lines } = logTo('logfmt');
  withFields(log, { cloud: 'a', host: 'old' })('info', 'x', { host: 'new' });
  assert.match(lines[0] ?? '', /cloud=a host=new\n$/);
});

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/; // oxlint-disable-line no-control-regex

test('whatever text comes: one line, nothing a terminal obeys, and it reads back', () => {
  const text = fc
    .array(
      fc.oneof(
        fc.constantFrom('\n', '\r', '"', '\\', '=', ' ', '\u001b[31m', '\u009b31m', '\u202e', '\u2028', '\u0000', '💾'),
        fc.string({ maxLength: 5 }),
      ),
    )
    .map((parts) => parts.join('').toWellFormed());
  fc.assert(
    fc.property(text, text, (message, value) => {
      for (const format of ['logfmt', 'json'] as const) {
        const { log, lines } = logTo(format);
        log('info', message, { value });
        const [line = ''] = lines;
        assert.equal(line.indexOf('\n'), line.length - 1);
        assert.ok(!CONTROL.test(line), JSON.stringify(line));
        const read = format === 'json' ? (JSON.parse(line) as Record<string, string>) : parseLogfmt(line);
        assert.deepEqual([read['msg'], read['value']], [message, value]);
      }
    }),
    { numRuns: 300 },
  );
});

test('a secret never prints itself', () => {
  const secret = new Secret('planted');
  const printed = [
    secret.toString(),
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
  ];
  assert.ok(!printed.join('').includes('planted'), printed.join('\n'));
  assert.equal(secret.reveal(), 'planted');
});
