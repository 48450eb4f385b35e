/** What a request is about, whatever its URL looks like. */
export type CloudOperation =
  | 'token'
  | 'discovery'
  | 'services'
  | 'pools'
  | 'types'
  | 'capabilities'
  | 'messages'
  | 'other';

/** One request on the wire. */
interface RequestRecord {
  readonly method: string;
  readonly operation: CloudOperation;
  /** As sent, with the query. */
  readonly url: string;
  /** The `OpenStack-API-Version` header. */
  readonly microversion: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** When it came, by the cloud's clock. */
  readonly atMs: number;
  /** Undefined until it is answered. */
  status: number | undefined;
}

/** Counters on the wire. */
export interface RequestLog {
  /** Requests so far by `METHOD operation`: `GET services`, `POST token`. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last thousand, oldest first. */
  readonly last: readonly RequestRecord[];
  /** Requests under way that need a scheduler; one whose client has gone counts until the API gives it up. */
  readonly waitingNow: number;
  readonly maxWaiting: number;
  /** TCP connections accepted. */
  readonly connections: number;
  /** Requests of an operation, by any method. */
  count(operation: CloudOperation): number;
  /** The next request of that operation, when it has been answered. */
  next(operation: CloudOperation): Promise<RequestRecord>;
  reset(): void;
}

/** The side that the server writes. */
export interface RequestLogWriter extends RequestLog {
  begin(request: Omit<RequestRecord, 'status'>): RequestRecord;
  answered(record: RequestRecord, status: number): void;
  readonly waiting: (change: 1 | -1) => void;
  connected(): void;
}

const KEPT = 1000;

/** An empty log. */
export function createRequestLog(): RequestLogWriter {
  let counts: Record<string, number> = {};
  let last: RequestRecord[] = [];
  let waitingNow = 0;
  let maxWaiting = 0;
  let connections = 0;
  const listeners = new Set<(record: RequestRecord) => void>();
  return {
    get counts() {
      return counts;
    },
    get last() {
      return last;
    },
    get waitingNow() {
      return waitingNow;
    },
    get maxWaiting() {
      return maxWaiting;
    },
    get connections() {
      return connections;
    },
    count: (operation) =>
      Object.entries(counts)
        .filter(([key]) => key.endsWith(` ${operation}`))
        .reduce((sum, [, count]) => sum + count, 0),
    next: (operation) =>
      new Promise((resolve) => {
        const listener = (record: RequestRecord): void => {
          if (record.operation !== operation) return;
          listeners.delete(listener);
          resolve(record);
        };
        listeners.add(listener);
      }),
    reset() {
      counts = {};
      last = [];
      maxWaiting = waitingNow;
      connections = 0;
    },
    begin(request) {
      const record: RequestRecord = { ...request, status: undefined };
      const key = `${record.method} ${record.operation}`;
      counts[key] = (counts[key] ?? 0) + 1;
      last.push(record);
      if (last.length > KEPT) last.shift();
      return record;
    },
    answered(record, status) {
      record.status = status;
      for (const listener of listeners) listener(record);
    },
    waiting(change) {
      waitingNow += change;
      maxWaiting = Math.max(maxWaiting, waitingNow);
    },
    connected() {
      connections++;
    },
  };
}

/** Which operation a path belongs to. */
export function operationOf(method: string, path: string): CloudOperation {
  if (path.endsWith('/auth/tokens') && method === 'POST') return 'token';
  if (path.endsWith('/os-services')) return 'services';
  if (path.endsWith('/scheduler-stats/get_pools')) return 'pools';
  if (path.endsWith('/types')) return 'types';
  if (path.endsWith('/messages')) return 'messages';
  if (/\/capabilities\/[^/]+$/.test(path)) return 'capabilities';
  return /^\/(identity|volume)\/?(v3\/?)?$/.test(path) ? 'discovery' : 'other';
}
