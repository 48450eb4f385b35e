import { answer } from './child.ts';
import { openConnection, type Connection } from './scraper.ts';

/** Asks over so many connections, each again as soon as it has its answer, for a while. Resolves with answers a second. */
async function flood({ port, path, connections, ms }: Flood): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port, path)));
  const start = performance.now();
  let answers = 0;
  await Promise.all(
    open.map(async (connection) => {
      while (performance.now() - start < ms) {
        await connection.get();
        answers += 1;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const connection of open) connection.close();
  return answers / seconds;
}

export interface Flood {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly ms: number;
}

export interface Pace {
  /** Asked in turn. */
  readonly ports: readonly number[];
  readonly path: string;
  readonly everyMs: number;
  readonly ms: number;
}

/** When it was asked (milliseconds since the epoch), which port, and after how many milliseconds the whole answer was there. */
export type Sample = readonly [askedAt: number, port: number, tookMs: number];

/** Asks at a steady pace whether answers come or not: a server that stands still is felt by every request of that time. */
async function pace({ ports, path, everyMs, ms }: Pace): Promise<Sample[]> {
  const samples: Sample[] = [];
  const idle = new Map<number, Connection[]>(ports.map((port) => [port, []]));
  const underWay: Promise<void>[] = [];
  let opened = 0;
  const ask = async (port: number): Promise<void> => {
    opened += 1;
    if (opened > MOST_UNDER_WAY) throw new Error(`more than ${MOST_UNDER_WAY} requests without an answer`);
    const connection = idle.get(port)?.pop() ?? (await openConnection(port, path));
    const askedAt = Date.now();
    const start = performance.now();
    await connection.get();
    samples.push([askedAt, port, performance.now() - start]);
    opened -= 1;
    idle.get(port)?.push(connection);
  };
  let turn = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      underWay.push(ask(ports[turn % ports.length] ?? 0));
      turn += 1;
    }, everyMs);
    setTimeout(() => {
      clearInterval(timer);
      resolve();
    }, ms);
  });
  await Promise.all(underWay);
  for (const connections of idle.values()) for (const connection of connections) connection.close();
  return samples;
}

/** Beyond this it is not a pace any more but an overload, and measures nothing. */
const MOST_UNDER_WAY = 100;

answer({ flood, pace });
