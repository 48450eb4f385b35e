import type { Fault, Line } from './fault.ts';
import { encode } from './wire.ts';

function reset({ socket }: Line): void {
  if (socket.resetAndDestroy) socket.resetAndDestroy();
  else socket.destroy();
}

function begin({ socket }: Line, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}

const CUT = /broke|reset|closed/;

/** What can happen below HTTP. */
export const BROKEN_CONNECTIONS: readonly Fault[] = [
  {
    name: 'refuse',
    reason: 'connect',
    words: /refused|reset|closed|broke/,
    act: (line) => {
      reset(line);
      line.refuse();
    },
  },
  { name: 'close without an answer', reason: 'connect', words: CUT, act: ({ socket }) => void socket.end() },
  { name: 'reset before the answer', reason: 'connect', words: CUT, act: reset },
  {
    name: 'reset in the middle of the body',
    reason: 'connect',
    words: CUT,
    async act(line) {
      const wire = await line.real();
      const bytes = encode(wire);
      await begin(line, bytes.subarray(0, bytes.length - Math.ceil(wire.body.length / 2)));
      reset(line);
    },
  },
  {
    name: 'Content-Length too long, then closed',
    reason: 'connect',
    words: CUT,
    async act({ socket, real }) {
      const wire = await real();
      socket.end(encode(wire, wire.body.length + 100));
    },
  },
  {
    name: 'a chunked body that ends too soon',
    reason: 'connect',
    words: CUT,
    act: ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"serv'),
  },
  {
    name: 'no HTTP',
    reason: 'connect',
    words: /no HTTP/,
    act: ({ socket }) => void socket.end('220 mail.example.org ESMTP\r\n'),
  },
  {
    name: 'huge headers',
    reason: 'connect',
    words: /no HTTP|headers/,
    async act({ socket, real }) {
      const wire = await real();
      socket.write(encode({ ...wire, headers: { ...wire.headers, 'x-padding': 'x'.repeat(100_000) } }));
    },
  },
  {
    name: 'hang',
    reason: 'timeout',
    words: /no whole answer within|no answer from a scheduler within/,
    hangs: true,
    act: () => {},
  },
  {
    name: 'a byte a second',
    reason: 'timeout',
    words: /no whole answer within|no answer from a scheduler within/,
    hangs: true,
    async act({ socket, real }) {
      const bytes = encode(await real());
      let at = Math.max(1, bytes.length - 30);
      socket.write(bytes.subarray(0, at));
      const drip = setInterval(() => socket.write(bytes.subarray(at, ++at)), 1000);
      socket.once('close', () => clearInterval(drip));
    },
  },
  {
    name: 'Content-Length too long, and the connection stays open',
    reason: 'timeout',
    words: /no whole answer within|no answer from a scheduler within/,
    hangs: true,
    async act({ socket, real }) {
      const wire = await real();
      socket.write(encode(wire, wire.body.length + 1));
    },
  },
  {
    name: 'informational answers without end',
    reason: 'timeout',
    words: /no whole answer within|no answer from a scheduler within/,
    hangs: true,
    act({ socket }) {
      const more = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), 20);
      socket.once('close', () => clearInterval(more));
    },
  },
];
