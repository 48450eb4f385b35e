import { once } from 'node:events';
import net from 'node:net';
import type { Socket } from 'node:net';

/** Connects to `host:port` as `Listening.address` says it. Errors of the connection are only its end. */
export async function connect(address: string): Promise<Socket> {
  const [, host = '', port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
  const socket = net.connect(Number(port), host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Everything that the server sends until the connection ends, in whatever way. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Sends a text on a new connection and answers everything that comes back until the server closes. */
export async function send(address: string, text: string): Promise<string> {
  const socket = await connect(address);
  socket.write(text);
  return readAll(socket);
}

/** Resolves when the first bytes arrive. */
export async function firstBytes(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer | string];
  return chunk.toString();
}
