import type { Request, Response } from 'express';
import type { Served } from '../api/backends.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import type { Watcher } from '../watch/watcher.ts';
import { type ConditionHistory, createConditionHistory } from './history.ts';

/** Tells browsers that there is something new, by server-sent events (HTML Living Standard, 9.2). They fetch the page again themselves. */
export interface EventStreams {
  readonly attach: (request: Request, response: Response) => void;
  readonly announce: () => void;
  readonly clients: () => number;
  /** Ends all streams; later ones are refused. */
  readonly close: () => void;
}

/** A client that has left this much unread, in bytes, is gone or stuck. */
const MAX_UNREAD_BYTES = 65_536;

const BEAT = 'event: beat\ndata: {}\n\n';

/** Every `beatMs` milliseconds those who listen are told that we are there: proxies close quiet connections, and browsers cannot see otherwise that their network is dead. */
export function createEventStreams(maxClients: number, beatMs: number): EventStreams {
  const clients = new Set<Response>();
  let closed = false;
  let beating: NodeJS.Timeout | undefined;

  function write(text: string): void {
    for (const client of clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(text);
    }
  }

  function beat(): void {
    if (clients.size > 0) return write(BEAT);
    clearInterval(beating);
    beating = undefined;
  }

  return {
    attach(request, response) {
      if (closed || clients.size >= maxClients) {
        response
          .status(503)
          .set('retry-after', '30')
          .type('text')
          .end(closed ? 'Stopping.\n' : 'Too many live pages; this one asks again now and then.\n');
        return;
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      clients.add(response);
      response.on('close', () => clients.delete(response));
      response.on('error', () => clients.delete(response));
      response.write(`retry: 5000\n${BEAT}`);
      beating ??= setInterval(beat, beatMs).unref();
    },
    announce: () => write('event: swap\ndata: {}\n\n'),
    clients: () => clients.size,
    close() {
      closed = true;
      clearInterval(beating);
      for (const client of clients) client.end();
      clients.clear();
    },
  };
}

/** What the status page has seen, and who is told when there is more. */
export interface Memory {
  readonly history: ConditionHistory;
  /** Calls back when a cloud or the list of them has changed. */
  readonly onNews: (listener: () => void) => void;
  /** Takes note of watchers that are new or gone. */
  readonly follow: () => void;
  readonly stop: () => void;
}

/** Remembers from now on; the page itself may be loaded much later. */
export function createMemory(served: Served): Memory {
  const history = createConditionHistory();
  const listeners: (() => void)[] = [];
  const tell = (): void => listeners.forEach((listener) => listener());
  const watchers = followWatchers(
    served,
    (cloud, snapshot) => {
      history.record(cloud, snapshot);
      tell();
    },
    (clouds) => {
      history.keepOnly(clouds);
      tell();
    },
  );
  return { history, onNews: (listener) => void listeners.push(listener), ...watchers };
}

/** Follows the watchers of a list that is swapped whole when the configuration is reloaded. */
interface Following {
  /** Takes note of watchers that are new or gone. */
  readonly follow: () => void;
  readonly stop: () => void;
}

/** `swapped` is told each snapshot; also the one that a watcher already has when it is first seen. */
function followWatchers(
  served: Served,
  swapped: (cloud: string, snapshot: Snapshot) => void,
  listed: (clouds: ReadonlySet<string>) => void,
): Following {
  const stops = new Map<Watcher, () => void>();

  function follow(): void {
    const clouds = served.clouds();
    const watchers = new Set(clouds.map(({ watcher }) => watcher));
    let changed = false;
    for (const [watcher, stop] of stops) {
      if (watchers.has(watcher)) continue;
      stop();
      stops.delete(watcher);
      changed = true;
    }
    for (const { name, watcher } of clouds) {
      if (stops.has(watcher)) continue;
      stops.set(
        watcher,
        watcher.onSwap((snapshot) => swapped(name, snapshot)),
      );
      changed = true;
      const snapshot = watcher.snapshot();
      if (snapshot) swapped(name, snapshot);
    }
    if (changed) listed(new Set(clouds.map(({ name }) => name)));
  }

  follow();
  const unlisten = served.onClouds(follow);
  return {
    follow,
    stop() {
      unlisten();
      for (const stop of stops.values()) stop();
      stops.clear();
    },
  };
}
