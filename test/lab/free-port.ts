import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below what Linux (32768) and macOS (49152) give to who asks for any port: nobody gets one of these by chance, not even while it is closed. */
const FIRST = 20_000;
const LAST = 32_000;

/** Listens on a port of the loopback interface that stays ours when the server is closed and opened again. Gives the port. */
export async function listenOnQuietPort(server: Server): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

/** Ports of the loopback interface that nobody listens on right now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(listenOnQuietPort));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
