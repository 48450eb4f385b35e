import { gunzipSync, gzipSync } from 'node:zlib';
import type { Fault } from './fault.ts';
import { encode, withBody, type Wire } from './wire.ts';

/** The largest answer that the exporter is set up to read in these tests. */
export const MAX_BODY_BYTES = 2_000_000;

const HTML = '<html><head><title>Log in</title></head><body>captive portal</body></html>';
/** Of every operation the key under which its list is, and something that is no list. */
const NO_LISTS = '{"services":{},"pools":7,"volume_types":"x","versions":null,"token":[]}';
const NO_ROWS =
  '{"services":[1,[],null],"pools":["x"],"volume_types":[{}],"versions":[null],"token":{"expires_at":"soon"}}';

function plain({ headers, body }: Wire): Buffer {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function replaced(
  name: string,
  words: RegExp,
  body: (real: Wire) => string | Buffer,
  headers: Wire['headers'] = {},
): Fault {
  return {
    name,
    reason: 'decode',
    words,
    async act({ socket, real }) {
      const wire = await real();
      socket.write(encode(withBody(wire, body(wire), headers)));
    },
  };
}

/** 20 kB that unpack to ten times of what is allowed. */
const BOMB = gzipSync(Buffer.alloc(10 * MAX_BODY_BYTES));
const GZIP = { 'content-encoding': 'gzip' };
/** Token and discovery have no list: what they lack is said in their own words. */
const SHAPE = /without (a|the) list|no list of versions|no v3 with|has no token|none of which could be used/;

/** Answers that arrive whole, and are not what was asked for. */
export const BROKEN_BODIES: readonly Fault[] = [
  {
    name: 'Content-Length too short',
    reason: 'decode',
    words: /no whole JSON/,
    async act({ socket, real }) {
      const wire = await real();
      const body = plain(wire);
      socket.write(encode(withBody(wire, body), body.length - 5));
    },
  },
  {
    name: 'cut off, without a Content-Length',
    reason: 'decode',
    words: /no whole JSON/,
    async act({ socket, real }) {
      const wire = await real();
      const body = plain(wire);
      socket.end(encode(withBody(wire, body.subarray(0, body.length / 2)), null));
    },
  },
  replaced('gzip that is cut off', /gzip body is damaged/, (real) => gzipSync(plain(real)).subarray(0, -12), GZIP),
  replaced('gzip that is none', /gzip body is damaged/, () => '{"services":[]}', GZIP),
  replaced('a coding that was not asked for', /content-encoding br was not asked for/, () => 'x', {
    'content-encoding': 'br',
  }),
  replaced('HTML with 200', /no whole JSON/, () => HTML, { 'content-type': 'text/html' }),
  replaced('an empty body', /an empty body/, () => ''),
  replaced('a huge body', /larger than/, () => Buffer.alloc(MAX_BODY_BYTES + 1, ' ')),
  replaced('a gzip bomb', /larger than/, () => BOMB, GZIP),
  ...['null', '7', '"services"', '[]', '{}', NO_LISTS].map((text) => replaced(`JSON: ${text}`, SHAPE, () => text)),
  replaced('rows that are none', SHAPE, () => NO_ROWS),
  replaced('objects where texts belong, that no text can be made of', SHAPE, (real) => textless(plain(real))),
];

/** The same answer with such an object for each text: `String` throws for it. */
function textless(body: Buffer): string {
  const spoilt = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? { toString: false, valueOf: false } : value;
  return JSON.stringify(JSON.parse(body.toString('utf8'), spoilt));
}

/** Oddities that a careful client does not mind. */
export const HARMLESS: readonly Fault[] = [
  harmless('wrong Content-Type', (real) =>
    encode({ ...real, headers: { ...real.headers, 'content-type': 'image/png' } }),
  ),
  harmless('no Content-Type', (real) => {
    const { 'content-type': _, ...headers } = real.headers;
    return encode({ ...real, headers });
  }),
  harmless('a clock five hours ahead', (real) => encode(dated(real, 5))),
  harmless('a clock five hours behind', (real) => encode(dated(real, -5))),
  harmless('a Date that is none', (real) => encode({ ...real, headers: { ...real.headers, date: 'yesterday' } })),
  harmless('no Date', (real) => {
    const { date: _, ...headers } = real.headers;
    return encode({ ...real, headers });
  }),
  {
    ...harmless('no Content-Length, the connection ends with the body', (real) => encode(real, null)),
    async act({ socket, real }) {
      socket.end(encode(await real(), null));
    },
  },
];

function dated(wire: Wire, hours: number): Wire {
  const date = new Date(Date.parse(wire.headers['date'] ?? '') + hours * 3_600_000).toUTCString();
  return { ...wire, headers: { ...wire.headers, date } };
}

function harmless(name: string, bytes: (real: Wire) => Buffer): Fault {
  return {
    name,
    reason: undefined,
    words: /^$/,
    async act({ socket, real }) {
      socket.write(bytes(await real()));
    },
  };
}
