import * as fc from 'fast-check';
import { awkwardText } from './hostile-bodies.ts';

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'M-SEARCH',
  'get',
  'NONSENSE',
  'GET\t',
];
const PATHS = [
  '/metrics',
  '/probe',
  '/sd',
  '/api/v1/backends',
  '/api/v1/backend',
  '/backend',
  '/cloud',
  '/',
  '/-/ready',
  '/-/healthy',
  '/-/reload',
  '/openapi.json',
  '/status.css',
  '/favicon.svg',
  '*',
  '',
  '/metrics/',
  '/%00',
  '/%ff',
  '/../../etc/passwd',
  'http://evil.invalid/metrics',
  '//evil.invalid/metrics',
];
const NAMES = [
  'Range',
  'If-None-Match',
  'If-Modified-Since',
  'If-Range',
  'If-Match',
  'Accept',
  'Accept-Encoding',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Authorization',
  'Cookie',
  'X-HTTP-Method-Override',
  'X-Forwarded-Host',
  'Upgrade',
  'TE',
];
const VALUES = [
  'bytes=0-10',
  'bytes=-1',
  'bytes=5-1,9-',
  '*',
  '"x"',
  'Thu, 01 Jan 2099 00:00:00 GMT',
  'gzip;q=0',
  'identity;q=0, *;q=0',
  ',,,;;;===',
  '100-continue',
  'chunked',
  '-1',
  '99999999999',
  'Basic !!!',
  'h2c',
  'q=q=q'.repeat(500),
];

const oneLine = awkwardText.map((text) => text.replaceAll(/[\r\n\0]/g, '.'));
const query = fc.oneof(
  fc.constantFrom(
    '',
    '?',
    '?cloud=http://evil.invalid/',
    '?cloud=envvars&cloud=envvars',
    '?cloud[]=a',
    '?cloud[__proto__]=a',
    '?__proto__=x',
    '?host=%',
    `?cloud=${'x'.repeat(9000)}`,
    `?${'cloud=a&'.repeat(1500)}`,
  ),
  fc
    .tuple(fc.constantFrom('cloud', 'name', 'host', 'q', 'condition', 'page', 'target', 'tone'), oneLine)
    .map(([name, value]) => `?${name}=${encodeURIComponent(value.toWellFormed())}`),
  oneLine.map((text) => `?${text.replaceAll(' ', '+')}`),
);
/** Requests of a hostile client: the words of HTTP in an order of their own, and any text among them. */
export const hostileRequests = fc.record({
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('GET', 'HEAD') },
    { weight: 3, arbitrary: fc.constantFrom(...METHODS) },
  ),
  path: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PATHS) },
    { weight: 1, arbitrary: oneLine.map((text) => `/${text.replaceAll(' ', '+')}`) },
  ),
  query,
  headers: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constantFrom(...VALUES), oneLine)), {
    maxLength: 4,
  }),
});
