import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** What came over one connection, as text. */
export interface Received {
  readonly head: string;
  readonly path: string;
  readonly connection: number;
}

export interface RawServer {
  readonly url: URL;
  /** Heads of all requests so far. */
  readonly received: readonly Received[];
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** A server below HTTP: `answer` gets the socket when a request's head is there and writes what it likes. */
export async function startRawServer(answer: (socket: Socket, received: Received) => void): Promise<RawServer> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        text = text.slice(end + 4 + length);
        const request = { head, path: head.split(' ')[1] ?? '', connection };
        received.push(request);
        answer(socket, request);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    received,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A whole answer of HTTP/1.1 with its length. */
export function whole(status: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status}\r\n${lines.join('')}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
