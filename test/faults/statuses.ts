import type { FailureReason } from '../../src/openstack/errors.ts';
import type { Fault, Line } from './fault.ts';
import { encode } from './wire.ts';

const REDIRECTS = [301, 302, 307, 308];
const REFUSALS = [400, 401, 403, 404, 406, 408, 409, 413, 429];
const SERVER_FAULTS = [500, 502, 503, 504];

function reasonOf(status: number): FailureReason {
  return status === 401 ? 'auth' : status === 403 ? 'forbidden' : 'http';
}

function answering(status: number, name: string, headers: (line: Line) => Record<string, string>): Fault {
  return {
    name,
    reason: reasonOf(status),
    status,
    words: new RegExp(`: ${status}\\b`),
    act(line) {
      const body =
        status >= 502
          ? `<html><body><h1>${status}</h1>nginx</body></html>`
          : `{"computeFault":{"code":${status},"message":"so says the fault"}}`;
      const type = status >= 502 ? 'text/html' : 'application/json';
      const wire = { status, headers: { 'content-type': type, ...headers(line) }, body: Buffer.from(body) };
      line.socket.write(encode(wire));
    },
  };
}

/** Seconds that the answers below ask for: less than the interval of the tests. */
export const RETRY_AFTER_S = 20;

/** Every status that matters, and those that say when to come back. */
export const STATUSES: readonly Fault[] = [
  ...REDIRECTS.map((status) =>
    answering(status, `${status} elsewhere`, ({ elsewhere }) => ({ location: `${elsewhere}/v3/os-services` })),
  ),
  ...[...REFUSALS, ...SERVER_FAULTS].map((status) => answering(status, String(status), () => ({}))),
  ...[413, 429, 503].map((status) => ({
    ...answering(status, `${status} with Retry-After in seconds`, () => ({ 'retry-after': String(RETRY_AFTER_S) })),
    asksToWait: true,
  })),
  {
    ...answering(503, '503 with Retry-After as a date, by a clock of its own', () => {
      const theirs = Date.now() - 7_200_000;
      return {
        date: new Date(theirs).toUTCString(),
        'retry-after': new Date(theirs + RETRY_AFTER_S * 1000).toUTCString(),
      };
    }),
    asksToWait: true,
  },
];
