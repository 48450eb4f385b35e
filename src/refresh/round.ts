import { serverTime } from '../openstack/answer.ts';
import type { CinderApi } from '../cinder/api.ts';
import type { CollectorLog } from '../cinder/collector-log.ts';
import { asOpenStackError, type Lane, type SchedulerOperation } from '../cinder/lane.ts';
import type { CloudConfig } from '../config/config.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import type { Backoff } from '../openstack/backoff.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { Reply, Session } from '../openstack/session.ts';
import type { Body, Pipeline } from './pipeline.ts';

export interface RoundParts {
  readonly config: CloudConfig;
  readonly session: Session;
  readonly api: CinderApi;
  readonly lane: Lane;
  /** Pauses after refused logins and after answers that ask us to wait. */
  readonly gate: Backoff;
  readonly pipeline: Pipeline;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
  /** A row was rejected, or something went wrong that no collector fails of: worth a line in the log. undefined: all is well; `kind` tells a new problem from the same in other words. */
  readonly noted: (what: string, problem: string | undefined, kind: string) => void;
  /** A late answer has brought something new. */
  readonly arrived: () => void;
  /** A late answer could not be taken, by a fault of our own. */
  readonly broken: (cause: unknown) => void;
}

/** Reads the cloud once; resolves with whether the service list was read. Failures end up in the collectors, never as a rejection. */
export function createRound(parts: RoundParts): () => Promise<boolean> {
  const { config, session, api, lane, gate, pipeline, collectors, metrics } = parts;
  /** How the last question for the list at 3.49 failed. */
  let listTrouble: OpenStackError | undefined;

  async function round(): Promise<boolean> {
    if (gate.remainingMs() > 0) {
      const problem = notAsked('in a pause after a refused login, or because the cloud asked for one', undefined);
      collectors.notAsked('services', problem);
      if (config.collectors.pools) collectors.notAsked('pools', problem);
      return false;
    }
    const start = performance.now();
    let problem: OpenStackError | undefined;
    try {
      problem = await api.prepare();
    } catch (cause) {
      const error = asOpenStackError(cause, 'token');
      fail('services', start, error);
      if (config.collectors.pools) fail('pools', start, error);
      pause(error);
      return false;
    }
    const up = await readServices();
    const poolsRead = config.collectors.pools && (await readPools());
    // Where a collector fails, that says it; where none does, this is all that does.
    if (up) note('discovery', problem);
    if (up && (poolsRead || !config.collectors.pools)) note('services at 3.49', listTrouble);
    return up;
  }

  function note(what: string, problem: OpenStackError | undefined): void {
    parts.noted(what, problem?.message, `${problem?.reason} ${problem?.details.status}`);
  }

  /** The full list when the scheduler may be asked; else, or when that fails, the plain one. */
  async function readServices(): Promise<boolean> {
    const start = performance.now();
    if (!api.schedulerInList() || !lane.ready('services')) return readPlain(start);
    if (lane.ailing()) {
      // The scheduler has failed before: the plain list comes first, so that it does not wait for the probe.
      const read = await readPlain(start);
      const error = read ? await readFull(start) : undefined;
      if (error && isFinal(error)) pause(error);
      return read;
    }
    const error = await readFull(start);
    if (error && isFinal(error)) {
      fail('services', start, error);
      pause(error);
    }
    return error ? !isFinal(error) && readPlain(start) : true;
  }

  async function readFull(start: number): Promise<OpenStackError | undefined> {
    const error = await askScheduler('services', start, () => api.services('full', config.schedulerTimeoutMs));
    listTrouble = error;
    if (error && !isFinal(error)) metrics.errors.inc({ collector: 'services', reason: error.reason });
    return error;
  }

  async function readPlain(start: number): Promise<boolean> {
    try {
      const error = await take('services', start, await api.services('plain', config.requestTimeoutMs), false);
      if (error) throw error;
      return true;
    } catch (cause) {
      const error = asOpenStackError(cause, 'services_fallback');
      fail('services', start, error);
      pause(error);
      if (isOfEndpoint(error)) session.doubtEndpoint();
      return false;
    }
  }

  async function readPools(): Promise<boolean> {
    const start = performance.now();
    if (gate.remainingMs() > 0 || !lane.ready('pools')) {
      // Not asked, so no new failure; but what was read before is no longer news.
      const why = lane.open() ? 'while a scheduler owes an answer' : 'in a pause after failures';
      collectors.notAsked('pools', notAsked(why, listTrouble));
      return false;
    }
    const error = await askScheduler('pools', start, () => api.pools(config.schedulerTimeoutMs));
    if (!error) return true;
    fail('pools', start, error);
    // What the scheduler's side asks to wait is the lane's affair: the service list goes on.
    if (error.reason === 'auth' || error.details.status === 429) pause(error);
    return false;
  }

  /** Asks in the lane, and takes the answer; the returned error is not yet counted anywhere. */
  async function askScheduler(
    collector: SchedulerOperation,
    start: number,
    question: () => Promise<Reply>,
  ): Promise<OpenStackError | undefined> {
    const outcome = await lane.ask(collector, question, (reply) => {
      take(collector, start, reply, true).then(parts.arrived, parts.broken);
    });
    if (outcome.kind === 'failed') return outcome.error;
    if (outcome.kind === 'answered') return take(collector, start, outcome.value, false);
    const seconds = config.schedulerPatienceMs / 1000;
    return new OpenStackError(`no answer from a scheduler within ${seconds} s`, {
      reason: 'timeout',
      operation: collector,
      url: '',
    });
  }

  /** Hands a body to the pipeline; an error when it was not the list that was asked for. */
  async function take(
    collector: SchedulerOperation,
    start: number,
    { request, answer }: Reply,
    late: boolean,
  ): Promise<OpenStackError | undefined> {
    const body: Body = { bytes: answer.body, readAt: performance.now(), cinderTimeMs: serverTime(answer) };
    const accepted = await (collector === 'services' ? pipeline.services(body, { late }) : pipeline.pools(body));
    metrics.rejectedRows.inc({ collector }, accepted.rejected);
    metrics.truncatedLabels.inc(accepted.truncated);
    metrics.schedulerDisagreements.inc(accepted.disagreements.length);
    if (accepted.rows === undefined) {
      const url = request.url.origin + request.url.pathname;
      return new OpenStackError(`GET ${url}: ${answer.status} with ${accepted.problem}`, {
        reason: 'decode',
        operation: request.operation,
        url,
        status: answer.status,
      });
    }
    const rejected = accepted.rejected > 0 ? `${accepted.rejected} rows rejected: ${accepted.problem}` : undefined;
    parts.noted(collector, rejected, 'rows');
    // The rows of a late service list are not used, only its words: its refresh has told already how it went.
    if (!(late && collector === 'services')) collectors.succeeded(collector, performance.now() - start);
    gate.succeed();
    return undefined;
  }

  function fail(collector: SchedulerOperation, start: number, error: OpenStackError): void {
    metrics.errors.inc({ collector, reason: error.reason });
    collectors.failed(collector, performance.now() - start, error);
  }

  /** After a refused login, or when we are asked to wait, the whole cloud is left in peace for a while. */
  function pause({ reason, details }: OpenStackError): void {
    const { retryAfterMs, status } = details;
    if (reason === 'auth' || status === 429 || retryAfterMs !== undefined) gate.fail(retryAfterMs);
  }

  return round;
}

function notAsked(why: string, trouble: OpenStackError | undefined): OpenStackError {
  const message = `not asked ${why}${trouble ? `: ${trouble.message}` : ''}`;
  return new OpenStackError(message, { reason: trouble?.reason ?? 'timeout', operation: 'pools', url: '' });
}

/** Would the service be found elsewhere? Whoever answers there, or nobody, does not speak for Cinder. */
function isOfEndpoint({ reason, details }: OpenStackError): boolean {
  return details.operation !== 'token' && details.status !== 429 && !['auth', 'forbidden'].includes(reason);
}

/** Asking for less would get the same answer. */
function isFinal({ reason, details }: OpenStackError): boolean {
  return reason === 'auth' || reason === 'forbidden' || details.status === 429 || details.retryAfterMs !== undefined;
}
