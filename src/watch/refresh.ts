import type { Clock } from '../clock.ts';
import { serverTime } from '../openstack/answer.ts';
import type { CinderApi } from './cinder-api.ts';
import type { CollectorLog } from './collectors.ts';
import { asOpenStackError, type Lane, type SchedulerOperation } from './scheduler-queue.ts';
import { MAX_KEPT_BYTES } from '../cinder/rows.ts';
import type { CloudConfig } from '../config/config.ts';
import type { CloudMetrics } from '../metrics/exporter.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { asksToWait, isOfLogin, type Pauses } from '../openstack/pause.ts';
import type { SessionAnswer, Session } from '../openstack/session.ts';
import { shownUrl } from '../openstack/request.ts';
import type { Body, Pipeline } from './pipeline.ts';

export interface RoundParts {
  readonly config: CloudConfig;
  readonly session: Session;
  readonly api: CinderApi;
  readonly lane: Lane;
  readonly pauses: Pauses;
  readonly clock: Clock;
  readonly pipeline: Pipeline;
  readonly collectors: CollectorLog;
  readonly metrics: CloudMetrics;
  /** A row was rejected, or something went wrong that no collector fails of: worth a line in the log. undefined: all is well; `kind` tells a new problem from the same in other words. */
  readonly noted: (what: string, problem: string | undefined, kind: string) => void;
  /** The pools were read as they should be, or not. */
  readonly schedulerTold: (answered: boolean) => void;
  /** A late answer has brought something new. */
  readonly arrived: () => void;
  /** A late answer could not be taken, by a fault of our own. */
  readonly broken: (cause: unknown) => void;
}

/** Reads the cloud once; resolves with whether the service list was read. Failures end up in the collectors, never as a rejection. */
export function createRound(parts: RoundParts): () => Promise<boolean> {
  const { config, session, api, lane, pauses, clock, pipeline, collectors, metrics } = parts;
  /** How the last question for the list at 3.49 failed. */
  let listTrouble: OpenStackError | undefined;
  let poolsReadBefore = false;
  /** The plain list failed too: it is not a scheduler that is away. */
  let apiAway = false;

  async function round(): Promise<boolean> {
    const start = clock.now();
    let problem: OpenStackError | undefined;
    try {
      problem = await api.prepare();
    } catch (cause) {
      const error = asOpenStackError(cause, 'token');
      fail('services', start, error);
      if (config.collectors.pools) fail('pools', start, error);
      parts.schedulerTold(false);
      poolsReadBefore = false;
      return false;
    }
    const up = await readServices();
    const poolsRead = !config.collectors.pools || (await readPools());
    // Where a collector fails, that says it; where none does, this is all that does. A list that fails just as the pools are back is given one more try.
    if (up) note('discovery', problem);
    if (up && poolsRead && (poolsReadBefore || !listTrouble)) note('services at 3.49', listTrouble);
    poolsReadBefore = poolsRead;
    return up;
  }

  function note(what: string, problem: OpenStackError | undefined): void {
    parts.noted(what, problem?.message, `${problem?.reason} ${problem?.details.status}`);
  }

  /** The full list when the scheduler may be asked; else, or when that fails, the plain one. */
  async function readServices(): Promise<boolean> {
    const start = clock.now();
    if (!api.schedulerInList() || lane.obstacle('services')) return readPlain(start);
    if (lane.ailing()) {
      // The scheduler has failed before: the plain list comes first, so that it does not wait for the probe.
      const read = await readPlain(start);
      if (read) await readFull(start);
      return read;
    }
    const error = await readFull(start);
    if (error && isFinal(error)) fail('services', start, error);
    return error ? !isFinal(error) && readPlain(start) : true;
  }

  /** The list was read, full or plain: the API is there. */
  function listCame(start: number): void {
    pauses.services_fallback.succeed(start);
    if (apiAway) lane.apiIsBack();
    apiAway = false;
  }

  async function readFull(start: number): Promise<OpenStackError | undefined> {
    const error = await askScheduler('services', start, () => api.services('full', config.schedulerTimeoutMs));
    listTrouble = error;
    if (!error) listCame(start);
    if (error && !isFinal(error)) metrics.errors.inc({ collector: 'services', reason: error.reason });
    return error;
  }

  async function readPlain(start: number): Promise<boolean> {
    try {
      const refusal = pauses.services_fallback.refusal();
      if (refusal) throw refusal;
      const error = await take('services', start, await api.services('plain', config.requestTimeoutMs), false);
      if (error) throw error;
      listCame(start);
      return true;
    } catch (cause) {
      const error = asOpenStackError(cause, 'services_fallback');
      fail('services', start, toldToWait(error));
      if (isOfEndpoint(error)) {
        session.doubtEndpoint();
        apiAway = true;
      }
      return false;
    }
  }

  /** The list at 3.49 has the same URL: who is told to wait leaves both alone. */
  function toldToWait(error: OpenStackError): OpenStackError {
    if (error.details.notAsked || isOfLogin(error) || !asksToWait(error)) return error;
    pauses.services.fail(error);
    return pauses.services_fallback.fail(error) ?? error;
  }

  async function readPools(): Promise<boolean> {
    const start = clock.now();
    const obstacle = lane.obstacle('pools');
    // What was read before is no longer news. While the list at 3.49 is open, its trouble is the cause.
    const error = obstacle
      ? lane.open() && listTrouble
        ? new OpenStackError(`${obstacle.message}: ${listTrouble.message}`, { ...listTrouble.details, notAsked: true })
        : obstacle
      : await askScheduler('pools', start, () => api.pools(config.schedulerTimeoutMs));
    if (error) fail('pools', start, error);
    parts.schedulerTold(!error);
    return !error;
  }

  /** Asks in the lane, and takes the answer; the returned error is not yet counted anywhere. */
  async function askScheduler(
    collector: SchedulerOperation,
    start: number,
    question: () => Promise<SessionAnswer>,
  ): Promise<OpenStackError | undefined> {
    const outcome = await lane.ask(collector, question, (reply) => {
      if (collector === 'services') listTrouble = undefined;
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
    { request, answer }: SessionAnswer,
    late: boolean,
  ): Promise<OpenStackError | undefined> {
    const body: Body = { bytes: answer.body, readAt: clock.now(), cinderTimeMs: serverTime(answer) };
    const accepted = await (collector === 'services' ? pipeline.services(body, { late }) : pipeline.pools(body));
    if (answer.body.length > MAX_KEPT_BYTES) giveBack(answer.body);
    metrics.rejectedRows.inc({ collector }, accepted.rejected);
    metrics.truncatedLabels.inc(accepted.truncated);
    metrics.schedulerDisagreements.inc(accepted.disagreements.length);
    if (accepted.rows === undefined) {
      const url = shownUrl(request);
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
    if (!(late && collector === 'services')) collectors.succeeded(collector, clock.now() - start);
    return undefined;
  }

  /** A collector that could not read its part, or was not to ask for it: one line in the log when that begins, one more in the count each time. */
  function fail(collector: SchedulerOperation, start: number, error: OpenStackError): void {
    metrics.errors.inc({ collector, reason: collectors.failed(collector, clock.now() - start, error) });
  }

  return round;
}

/**
 * Gives the memory of a body back that nobody reads any more. 50 MB would else stay until the old garbage is collected, which is after the next refresh or
 * later: what is moved into an object that nobody has goes with the young one.
 */
function giveBack({ buffer }: Buffer): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

/** Would the service be found elsewhere? Whoever answers there, or nobody, does not speak for Cinder. */
function isOfEndpoint({ reason, details }: OpenStackError): boolean {
  return (
    !details.notAsked &&
    details.operation !== 'token' &&
    details.status !== 429 &&
    !['auth', 'forbidden'].includes(reason)
  );
}

/** Asking for less would get the same answer. */
function isFinal(error: OpenStackError): boolean {
  return error.reason === 'forbidden' || asksToWait(error);
}
