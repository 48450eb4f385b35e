import { isDeep } from '../openstack/answer.ts';
import { oneLine } from '../openstack/errors.ts';
import { type Request, withoutSecrets } from '../openstack/request.ts';
import { createTransport } from '../openstack/transport.ts';
import { UserError } from '../user-error.ts';
import { USER_AGENT } from '../version.ts';
import { below, type WebAccess } from './access.ts';

/** One series of an answer: its labels, and its samples as milliseconds and value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

/** Asks the API that Prometheus, Thanos and Mimir speak. Rejects with an error for people, which holds no secret. */
export interface Prometheus {
  /** At a moment: a vector, or, with a range selector, the samples as they were written. */
  readonly query: (promql: string, atMs: number) => Promise<readonly Series[]>;
  readonly queryRange: (promql: string, fromMs: number, toMs: number, stepMs: number) => Promise<readonly Series[]>;
  readonly close: () => void;
}

/** An answer larger than this is not read. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Prometheus' own limit is `--query.timeout`, two minutes. */
const TIMEOUT_MS = 125_000;

/** The question was too large, for Prometheus or for us: a smaller one may be answered. */
export class TooMuch extends UserError {}

export function createPrometheus(access: WebAccess, asked: () => void = () => undefined): Prometheus {
  const transport = createTransport({ tls: access.tls, maxBodyBytes: MAX_ANSWER_BYTES, userAgent: USER_AGENT });

  async function ask(path: string, form: Readonly<Record<string, string>>): Promise<readonly Series[]> {
    const url = below(access, `api/v1/${path}`);
    const request: Request = {
      operation: 'prometheus',
      method: 'POST',
      url,
      headers: {
        ...access.headers,
        'content-type': 'application/x-www-form-urlencoded',
        ...(access.authorization && { authorization: access.authorization.reveal() }),
      },
      body: String(new URLSearchParams(form)),
      ...(access.secret && { secret: access.secret }),
      timeoutMs: TIMEOUT_MS,
    };
    const { status, body } = await transport.send(request).catch((error: unknown) => {
      // One message of the transport's, made in one place there.
      if (error instanceof Error && error.message.includes('the answer is larger than'))
        throw new TooMuch(error.message);
      throw error;
    });
    asked();
    if (status === 200) return seriesOf(body, url);
    const said = errorOf(body);
    const shown = said === undefined ? '' : `: ${oneLine(withoutSecrets(request, said))}`;
    const message = `POST ${url.origin}${url.pathname}: HTTP ${status}${shown}`;
    // Thanos and Mimir have other words than Prometheus for a question that costs too much; 422 is what all say.
    if (status === 422 || status === 503 || status === 504 || status === 413) throw new TooMuch(message);
    throw new UserError(message);
  }

  const seconds = (ms: number): string => String(ms / 1000);
  return {
    query: (query, atMs) => ask('query', { query, time: seconds(atMs) }),
    queryRange: (query, fromMs, toMs, stepMs) =>
      ask('query_range', { query, start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) }),
    close: () => transport.close(),
  };
}

function errorOf(body: Buffer): string | undefined {
  const answer = parsed(body);
  return isRecord(answer) && typeof answer['error'] === 'string' ? answer['error'] : undefined;
}

function parsed(body: Buffer): unknown {
  try {
    return isDeep(body) ? undefined : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Source: https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats */
function seriesOf(body: Buffer, url: URL): readonly Series[] {
  const answer = parsed(body);
  const data = isRecord(answer) && answer['status'] === 'success' ? answer['data'] : undefined;
  const result = isRecord(data) ? data['result'] : undefined;
  const read = Array.isArray(result) ? result.map(oneSeries) : undefined;
  if (!read || read.includes(undefined)) {
    throw new UserError(
      `POST ${url.origin}${url.pathname}: the answer is not one of Prometheus' query API; is it the right URL?`,
    );
  }
  return read as readonly Series[];
}

function oneSeries(entry: unknown): Series | undefined {
  if (!isRecord(entry) || !isRecord(entry['metric'])) return undefined;
  const labels = entry['metric'];
  if (!Object.values(labels).every((value) => typeof value === 'string')) return undefined;
  const values: unknown = entry['values'] ?? [entry['value']];
  if (!Array.isArray(values)) return undefined;
  const samples: (readonly [number, number])[] = [];
  for (const pair of values as readonly unknown[]) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'number' || typeof pair[1] !== 'string') return undefined;
    const last = samples.at(-1)?.[0] ?? -Infinity;
    const atMs = Math.round(pair[0] * 1000);
    if (!(atMs > last)) return undefined;
    samples.push([atMs, valueOf(pair[1])]);
  }
  return { labels: labels as Readonly<Record<string, string>>, samples };
}

function valueOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}

/** A text within an expression. Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
export function stringLiteral(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** A matcher for one of these values. */
export function oneOf(label: string, values: readonly string[]): string {
  return `${label}=~${stringLiteral(values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'))}`;
}
