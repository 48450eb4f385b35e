import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { whole } from './raw-server.ts';

/** The limit that the bodies are tried against. */
export const MAX_BODY = 100_000;

/** Every kind of bad answer, the reason that it must come to, and how it is told. */
export const BAD_ANSWERS: readonly {
  readonly what: string;
  readonly answer: (socket: Socket) => void;
  readonly reason: string;
  readonly message: RegExp;
}[] = [
  {
    what: 'closed without a byte',
    answer: (socket) => socket.end(),
    reason: 'connect',
    message: /socket hang up/,
  },
  {
    what: 'reset before the answer',
    answer: (socket) => socket.resetAndDestroy(),
    reason: 'connect',
    message: /ECONNRESET|socket hang up/,
  },
  {
    what: 'reset in the middle of a body',
    answer: (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"services":[', () => socket.resetAndDestroy()),
    reason: 'connect',
    message: /aborted|ECONNRESET/,
  },
  {
    what: 'ended in the middle of a body',
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"services":[]}'),
    reason: 'connect',
    message: /aborted/,
  },
  {
    what: 'a chunked body that is cut off',
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ser'),
    reason: 'connect',
    message: /aborted/,
  },
  {
    what: 'a chunk size that is no number',
    answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}'),
    reason: 'connect',
    message: /Parse Error|aborted/,
  },
  {
    what: 'not HTTP at all',
    answer: (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
    reason: 'connect',
    message: /Parse Error/,
  },
  {
    what: 'a switch of protocols that nobody asked for',
    answer: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    reason: 'connect',
    message: /closed without an answer/,
  },
  {
    what: 'gzip that is cut off',
    answer: (socket) =>
      socket.write(whole('200 OK', { 'Content-Encoding': 'gzip' }, gzipSync('{"services":[]}').subarray(0, 20))),
    reason: 'decode',
    message: /gzip body is damaged or cut off/,
  },
  {
    what: 'gzip that is none',
    answer: (socket) => socket.write(whole('200 OK', { 'Content-Encoding': 'gzip' }, '{"services":[]}')),
    reason: 'decode',
    message: /gzip body is damaged or cut off/,
  },
  {
    what: 'a coding that was not asked for',
    answer: (socket) => socket.write(whole('200 OK', { 'Content-Encoding': 'br\x7f' }, 'x')),
    reason: 'connect',
    message: /Parse Error/,
  },
  {
    what: 'another coding that was not asked for',
    answer: (socket) => socket.write(whole('200 OK', { 'Content-Encoding': 'zstd' }, 'x')),
    reason: 'decode',
    message: /content-encoding zstd was not asked for/,
  },
  {
    what: 'a huge body',
    answer: (socket) => socket.write(whole('200 OK', {}, ' '.repeat(MAX_BODY + 1))),
    reason: 'decode',
    message: /larger than max_body \(100000 bytes\)/,
  },
  {
    what: 'a small body that unpacks to a huge one',
    answer: (socket) =>
      socket.write(whole('200 OK', { 'Content-Encoding': 'gzip' }, gzipSync(Buffer.alloc(50 * MAX_BODY)))),
    reason: 'decode',
    message: /larger than max_body/,
  },
  {
    what: 'huge headers',
    answer: (socket) => socket.write(whole('200 OK', { 'X-Long': 'x'.repeat(100_000) }, '{}')),
    reason: 'connect',
    message: /Header overflow|Parse Error/,
  },
  {
    what: 'no answer',
    answer: () => {},
    reason: 'timeout',
    message: /no whole answer within 60 s/,
  },
  {
    what: 'a head without a body',
    answer: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'),
    reason: 'timeout',
    message: /no whole answer within/,
  },
  {
    what: 'a body that trickles',
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    },
    reason: 'timeout',
    message: /no whole answer within/,
  },
];
