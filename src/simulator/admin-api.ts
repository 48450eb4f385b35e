/**
 * The faults over HTTP, for another process on the same machine; only loopback may ask.
 *
 *   POST   /admin/ACTION      body: a JSON array, the arguments of the method of that name in faults.ts;
 *                             204, 400 with {"error"} when the arguments do not fit, 404 for an unknown action:
 *                               curl -d '["controller-1@lvm", {"backend_state": "down"}]' URL/admin/setDriver
 *                               curl -d '["controller-1@lvm", "a reason"]' URL/admin/disable
 *                               curl -d '[]' URL/admin/stopScheduler
 *   POST   /admin/answerWith  body: ["services", {"status": 429, "headers": {"Retry-After": "30"}, "body": ""}, 3]:
 *                             the next 3 requests of that operation get this instead; null ends it
 *   GET    /admin/requests    counts, waitingNow, maxWaiting, connections, last
 *   DELETE /admin/requests    sets the counters to zero
 *   GET    /admin             names of the actions
 */
import type { JsonValue } from './definition.ts';
import type { CloudOperation, RequestLog } from './request-log.ts';
import { type WireAnswer, type WireRequest, json } from './server.ts';

/** Answers a request; `request.path` is the part after `/admin`. */
export function answerAdmin(actions: object, requests: RequestLog, request: WireRequest): WireAnswer {
  const name = request.path.replace(/^\//, '');
  if (name === '' && request.method === 'GET') return json(200, { actions: Object.keys(actions) });
  if (name === 'requests' && request.method === 'DELETE') {
    requests.reset();
    return done();
  }
  if (name === 'requests' && request.method === 'GET') {
    const { counts, waitingNow, maxWaiting, connections } = requests;
    const last = requests.last.map((record) => ({ ...record, status: record.status ?? null }));
    return { ...json(200, {}), body: JSON.stringify({ counts, waitingNow, maxWaiting, connections, last }) };
  }
  const action: unknown = Object.hasOwn(actions, name) ? Reflect.get(actions, name) : undefined;
  if (typeof action !== 'function' || request.method !== 'POST') return json(404, { error: `no such action: ${name}` });
  try {
    Reflect.apply(action, actions, argumentsOf(request.body));
    return done();
  } catch (error) {
    if (error instanceof Error) return json(400, { error: error.message });
    throw error;
  }
}

function argumentsOf(body: string): readonly JsonValue[] {
  const parsed: JsonValue = JSON.parse(body === '' ? '[]' : body);
  if (!Array.isArray(parsed)) throw new Error('expected a JSON array of arguments');
  return parsed;
}

function done(): WireAnswer {
  return { status: 204, headers: [], body: '' };
}

/** What a proxy answers instead of the cloud. */
interface CannedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers that take the place of the real ones, by operation. */
export interface Canned {
  /** For the next `times` requests of that operation (for all without a number); null ends it. */
  readonly answerWith: (operation: CloudOperation, answer: CannedAnswer | null, times?: number) => void;
  take(operation: CloudOperation): WireAnswer | undefined;
}

/** No answer is replaced yet. */
export function createCanned(): Canned {
  const replaced = new Map<CloudOperation, { readonly answer: WireAnswer; left: number }>();
  return {
    answerWith(operation, answer, times = Infinity) {
      if (answer === null) return void replaced.delete(operation);
      const headers = Object.entries(answer.headers ?? {});
      replaced.set(operation, { answer: { status: answer.status, headers, body: answer.body ?? '' }, left: times });
    },
    take(operation) {
      const found = replaced.get(operation);
      if (found === undefined || found.left <= 0) return undefined;
      found.left--;
      return found.answer;
    },
  };
}
