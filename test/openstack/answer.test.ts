import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, requestId, serverTime, statusError } from '../../src/openstack/answer.ts';
import { createPause } from '../../src/openstack/pause.ts';
import { type OpenStackError, oneLine } from '../../src/openstack/errors.ts';
import type { Answer } from '../../src/openstack/request.ts';
import { manualTime } from '../support/manual-time.ts';
import { recording } from '../support/recording.ts';
import { json } from './fake-cloud.ts';

const REQUEST = {
  operation: 'services',
  method: 'GET',
  url: new URL('http://u:planted@h/v3/os-services?a=planted'),
  headers: { 'x-auth-token': 'planted' },
  timeoutMs: 1000,
} as const;
const DATE = 'Sun, 22 Nov 2026 12:00:00 GMT';

function fails(answer: Answer): OpenStackError {
  const error = statusError(REQUEST, answer);
  assert.ok(!/planted/.test(JSON.stringify([error.message, error.details, error.stack])));
  return error;
}

test('the reason by status, and the message of all three shapes', () => {
  assert.equal(fails(json(401, '')).reason, 'auth');
  assert.equal(fails(json(500, '<html>')).message, 'GET http://h/v3/os-services: 500');
  const forbidden = fails(
    json(403, recording('os-services-3.49-member-noproject'), { 'x-openstack-request-id': 'req-1' }),
  );
  assert.equal(forbidden.reason, 'forbidden');
  assert.match(
    forbidden.message,
    /403: Policy doesn't allow volume_extension:services:index to be performed\.? \(req-1\)$/,
  );
  assert.match(fails(json(404, { error: { code: 404, message: 'a\n\tb\u001b[31m' } })).message, /404: a b \[31m$/);
  for (const odd of ['{"x":null}', '{"x":{"message":5}}', '{}', '{', '[{"message":"m"}]']) {
    assert.match(fails(json(502, odd)).message, /: 502$/);
  }
  assert.ok(fails(json(500, { computeFault: { message: `Traceback${' x'.repeat(5000)}` } })).message.length < 300);
});

test('Retry-After in seconds and as a date, by the clock of the server, an hour at most', () => {
  const after = (value: string, headers: Readonly<Record<string, string>> = {}) =>
    fails(json(429, '', { 'retry-after': value, ...headers })).details.retryAfterMs;
  assert.equal(after('120'), 120_000);
  assert.equal(after(' 7 '), 7000);
  assert.equal(after('0'), 0);
  assert.equal(after('9'.repeat(400)), 3_600_000);
  assert.equal(after('Sun, 22 Nov 2026 12:05:00 GMT', { date: DATE }), 300_000);
  assert.equal(after('Sun, 22 Nov 2026 11:00:00 GMT', { date: DATE }), 0);
  assert.equal(after('soon'), undefined);
  assert.equal(after('-5', { date: DATE }), 0);
  assert.equal(fails(json(429, '')).details.retryAfterMs, undefined);
});

test('request ids and the clock of the server', () => {
  assert.equal(requestId(json(200, '', { 'x-compute-request-id': 'req-2f' })), 'req-2f');
  assert.equal(requestId(json(200, '', { 'x-compute-request-id': 'req-\u007f2' })), undefined);
  assert.equal(requestId(json(200, '')), undefined);
  assert.equal(requestId(json(200, '', { 'x-openstack-request-id': `req-${'1'.repeat(999)}` })), undefined);
  assert.equal(serverTime(json(200, '', { date: DATE })), Date.UTC(2026, 10, 22, 12));
  assert.equal(serverTime(json(200, '', { date: 'yesterday' })), undefined);
  assert.equal(serverTime(json(200, '')), undefined);
});

test('a body that is no JSON is told by its size and type, not by its text', () => {
  const parse =
    (body: string, headers = {}) =>
    () =>
      parseJson(REQUEST, json(200, body, headers));
  assert.throws(parse('<html>planted'), (error: OpenStackError) => {
    assert.equal(error.reason, 'decode');
    assert.match(error.message, /200 with 13 bytes that are no whole JSON \(no content type\)$/);
    return true;
  });
  assert.throws(parse('', { 'content-type': 'text/html' }), /200 with an empty body$/);
  assert.deepEqual(parse('[1]')(), [1]);
});

test('text of others is one line', () => {
  assert.equal(oneLine(' a\r\n\tb\u0000c\u009b31m\u2028d '), 'a b c 31m d');
  assert.equal(oneLine('💾'.repeat(150)).length <= 201, true);
  assert.equal(oneLine('💾'.repeat(150)), oneLine('💾'.repeat(150)).toWellFormed());
});

test('pauses double up to a limit, keep to what was asked, and end with a success', () => {
  const { clock, advance } = manualTime();
  let chance = 0;
  const pause = createPause({ firstMs: 1000, maxMs: 5000, clock, random: () => chance });
  assert.equal(pause.remainingMs(), 0);
  const seen: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    pause.fail();
    seen.push(pause.remainingMs());
  }
  assert.deepEqual(seen, [500, 1000, 2000, 2500, 2500]);
  chance = 1;
  pause.fail(undefined, 90_000);
  assert.equal(pause.remainingMs(), 90_000);
  advance(95_000);
  assert.equal(pause.remainingMs(), 0);
  assert.equal(pause.failures(), 6);
  pause.succeed();
  pause.fail();
  assert.deepEqual([pause.remainingMs(), pause.failures()], [1000, 1]);
});

test('JSON that is nested deeper than any answer of OpenStack is not parsed', () => {
  const nested = (depth: number): Answer => json(200, '['.repeat(depth) + ']'.repeat(depth));
  assert.doesNotThrow(() => parseJson(REQUEST, nested(100)));
  assert.throws(() => parseJson(REQUEST, nested(101)), /200 with JSON nested deeper than 100 levels/);
  assert.throws(() => parseJson(REQUEST, json(200, '['.repeat(4_000_000))), /nested deeper/);
  assert.deepEqual(parseJson(REQUEST, json(200, `["${'['.repeat(500)}","\\"${'{'.repeat(500)}"]`)), [
    '['.repeat(500),
    `"${'{'.repeat(500)}`,
  ]);
  assert.match(fails(json(500, `{"a":${'['.repeat(500)}${']'.repeat(500)}}`)).message, /: 500$/);
});

test('what an answer asks for is kept, for five minutes at most, and is told with its end', () => {
  const { clock, advance } = manualTime(Date.UTC(2026, 10, 27, 22, 10));
  const pause = createPause({ firstMs: 1000, clock, random: () => 1 });
  const told = (seconds: number): string =>
    String(pause.fail(fails(json(429, '', { 'retry-after': String(seconds) })))?.message);
  assert.match(told(20), /: 429; not asked again before 22:10:20 UTC$/);
  assert.match(String(pause.refusal()?.message), /^not asked before 22:10:20 UTC: .*: 429$/);
  assert.deepEqual([pause.refusal()?.reason, pause.refusal()?.details.notAsked], ['http', true]);
  advance(20_000);
  assert.equal(pause.refusal(), undefined);
  for (const seconds of [301, 3600, 1e9]) {
    assert.match(told(seconds), /not asked again before 22:15:20 UTC, though it asks for more than 300 s$/);
    assert.equal(pause.remainingMs(), 300_000);
  }
});

test('an answer to a question from before the failure ends no pause', () => {
  const { clock, advance } = manualTime();
  const pause = createPause({ firstMs: 1000, clock, random: () => 1 });
  const before = clock.now();
  advance(10);
  pause.fail();
  pause.succeed(before);
  assert.equal(pause.remainingMs(), 1000);
  advance(10);
  pause.succeed(clock.now());
  assert.deepEqual([pause.remainingMs(), pause.failures()], [0, 0]);
});
