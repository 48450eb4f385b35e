import { createServer as createHttpServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { type CloudOperation, operationOf } from '../../src/simulator/request-log.ts';
import type { Fault } from './fault.ts';
import { listenOnQuietPort } from '../lab/free-port.ts';
import { encode, type Wire } from './wire.ts';

/** What a fault strikes: an operation, or the service list at 3.49 alone, which needs a scheduler. */
export type Struck = CloudOperation | 'services at 3.49';

/** One request as it came. */
interface Passed {
  readonly method: string;
  readonly path: string;
  readonly struck: readonly Struck[];
  readonly headers: IncomingHttpHeaders;
}

/** A proxy below HTTP in front of a simulated cloud. */
export interface FaultProxy {
  readonly url: string;
  readonly passed: Passed[];
  /** Most requests that need a scheduler and were open at the same time. */
  readonly mostWaiting: number;
  /** Requests that came to the other server that answers point to. */
  readonly elsewhere: readonly string[];
  /** From now on; undefined ends it. */
  readonly strike: (what: Struck, fault: Fault | undefined) => Promise<void>;
  /** Requests that a fault holds. */
  readonly held: number;
  /** New connections see this certificate; old ones are cut. */
  readonly setCertificate: (pair: CertificatePair) => void;
  readonly close: () => Promise<void>;
}

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

interface Incoming extends Passed {
  readonly body: Buffer;
}

/** Listens on a free loopback port, with TLS when there is a certificate. */
export async function startFaultProxy(upstream: string, certificate?: CertificatePair): Promise<FaultProxy> {
  const faults = new Map<Struck, Fault>();
  const passed: Passed[] = [];
  const elsewhere: string[] = [];
  const sockets = new Set<Socket>();
  let held = 0;
  let waiting = 0;
  let mostWaiting = 0;

  const other = createHttpServer((request, response) => {
    elsewhere.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  const otherUrl = await listening(other, 0);
  const tls = certificate && createTlsServer({ ...certificate }, take);
  const server: Server = tls ?? createServer(take);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that does not like our certificate hangs up: that is what is tested.
  server.on('tlsClientError', () => {});
  // A closed port that another server got would answer in the place of this one.
  const port = await listenOnQuietPort(server);

  function take(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    let turn: Promise<void> = Promise.resolve();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let found = readRequest(bytes); found; found = readRequest(bytes)) {
        const { request, end } = found;
        bytes = bytes.subarray(end);
        turn = turn.then(() => answer(socket, request)).catch(() => void socket.destroy());
      }
    });
  }

  async function answer(socket: Socket, request: Incoming): Promise<void> {
    passed.push(request);
    const fault = request.struck.map((what) => faults.get(what)).find((one) => one !== undefined);
    const needsScheduler = request.struck.includes('pools') || request.struck.includes('services at 3.49');
    if (needsScheduler) mostWaiting = Math.max(mostWaiting, ++waiting);
    try {
      if (!fault) return void socket.write(encode(await fetchReal(upstream, request, socket)));
      const over = fault.hangs ? new Promise<void>((resolve) => socket.once('close', resolve)) : undefined;
      const hold = over ?? fault.holds;
      if (hold) {
        held += 1;
        void hold.then(() => (held -= 1));
      }
      await fault.act({
        socket,
        request,
        real: () => fetchReal(upstream, request, socket),
        elsewhere: otherUrl,
        refuse() {
          server.close();
          for (const one of sockets) one.destroy();
        },
      });
      await over;
    } finally {
      if (needsScheduler) waiting -= 1;
    }
  }

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    passed,
    elsewhere,
    get mostWaiting() {
      return mostWaiting;
    },
    async strike(what, fault) {
      if (fault) faults.set(what, fault);
      else faults.delete(what);
      if (!server.listening) await listening(server, port);
    },
    get held() {
      return held;
    },
    setCertificate(pair) {
      tls?.setSecureContext({ ...pair });
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const closed = [server, other]
        .filter((one) => one.listening)
        .map((one) => new Promise((done) => one.close(done)));
      for (const socket of sockets) socket.destroy();
      other.closeAllConnections();
      await Promise.all(closed);
    },
  };
}

async function listening(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The first whole request of the bytes, and where it ends; undefined while more is to come. */
function readRequest(bytes: Buffer): { readonly request: Incoming; readonly end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines)
    headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < end) return undefined;
  const operation = operationOf(method, path.replace(/\?.*$/, ''));
  const full = operation === 'services' && headers['openstack-api-version'] === 'volume 3.49';
  const struck: Struck[] = full ? ['services at 3.49', operation] : [operation];
  return { request: { method, path, struck, headers, body: bytes.subarray(headEnd + 4, end) }, end };
}

async function fetchReal(upstream: string, { method, path, headers, body }: Incoming, socket: Socket): Promise<Wire> {
  const outgoing = forward(new URL(path, upstream), {
    method,
    headers: { ...headers, connection: 'close' },
    agent: false,
  });
  const abandon = (): void => void outgoing.destroy();
  socket.once('close', abandon);
  const answered = new Promise<Wire>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      const said = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      buffer(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(said), body: bytes }),
        reject,
      );
    });
  });
  outgoing.end(body);
  return answered.finally(() => socket.off('close', abandon));
}
