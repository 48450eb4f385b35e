import * as z from 'zod';
import { CONDITIONS, FAILING_BY } from '../cinder/conditions.ts';
import { COLLECTORS } from '../cinder/snapshot.ts';
import { durationWords } from '../duration.ts';
import { isDeep } from '../openstack/answer.ts';
import { oneLine } from '../openstack/errors.ts';
import { withoutSecrets } from '../openstack/request.ts';
import { createTransport } from '../openstack/transport.ts';
import { below, webAccess } from '../report/access.ts';
import { UserError } from '../user-error.ts';
import { USER_AGENT } from '../version.ts';
import { type Checked, wanted } from './check-verdict.ts';

/** Ten thousand backends are 50 MB. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
/** A monitoring system gives a plugin ten seconds, Icinga a minute. */
const TIMEOUT_MS = 9000;

/** What `check` reads, once or again and again. */
export interface Reading {
  readonly checked: readonly Checked[];
  /** For `--output json`: as `/api/v1/backends` has it, with the backends that were asked for. */
  readonly json: (hosts: readonly string[]) => unknown;
}

interface ExporterFlags {
  readonly url: string;
  /** `--http.config.file`. */
  readonly file: string | undefined;
  readonly cloud: string | undefined;
  /** What is older says nothing of the present. */
  readonly maxAgeMs: number;
}

const bytes = z.union([z.number(), z.literal('infinite').transform(() => Infinity)]).nullish();
const when = z.iso.datetime().nullish();

/** What is needed of an answer; a newer exporter may say more. Source: /openapi.json. */
const ANSWER = z.object({
  clouds: z.array(
    z.object({
      cloud: z.string(),
      up: z.boolean(),
      refreshed_at: when,
      collectors: z.array(
        z.object({
          collector: z.string(),
          success: z.boolean(),
          failing_since: when,
          reason: z.string().nullish(),
          message: z.string().nullish(),
        }),
      ),
    }),
  ),
  backends: z.array(
    z.object({
      cloud: z.string(),
      host: z.string(),
      condition: z.string(),
      // A newer exporter may know more.
      failing_by: z.enum(FAILING_BY).nullish().catch(undefined),
      reason: z.string(),
      state: z.enum(['up', 'down']).nullish(),
      since: when,
      changes: z.number().default(0),
      stats_age_seconds: z.number().nullish(),
      heartbeat_age_seconds: z.number().nullish(),
      volumes: z.object({ in_use: z.number().nullish(), available: z.number().nullish() }).nullish(),
      volume_types_without_another: z.number().default(0),
      pools: z.array(z.object({ pool: z.string(), total_bytes: bytes, free_bytes: bytes, allocated_bytes: bytes })),
    }),
  ),
});

type Answer = z.infer<typeof ANSWER>;

interface Whole {
  readonly backends: readonly { readonly host: string }[];
}

/** Asks a running exporter for what it knows, on `/api/v1/backends`: no request reaches a cloud. Throws a UserError that shows no secret. */
export function createExporterReader({ url, file, cloud, maxAgeMs }: ExporterFlags): {
  readonly read: () => Promise<Reading>;
  readonly close: () => void;
} {
  const expected = 'the URL of an exporter, such as http://exporter.example:10776';
  const access = webAccess({ flag: '--from', expected, url, headers: [], file });
  const transport = createTransport({ tls: access.tls, maxBodyBytes: MAX_ANSWER_BYTES, userAgent: USER_AGENT });
  const asked = below(access, 'api/v1/backends');
  if (cloud !== undefined) asked.searchParams.set('cloud', cloud);

  async function read(): Promise<Reading> {
    const request = {
      operation: 'exporter',
      method: 'GET' as const,
      url: asked,
      headers: {
        ...access.headers,
        ...(access.authorization && { authorization: access.authorization.reveal() }),
      },
      ...(access.secret && { secret: access.secret }),
      timeoutMs: TIMEOUT_MS,
    };
    const { status, headers, body } = await transport.send(request);
    const where = `GET ${asked.origin}${asked.pathname}`;
    if (status === 401 || status === 403)
      throw new UserError(`${where}: HTTP ${status}; --http.config.file may have a password or a certificate`);
    if (status !== 200) {
      const said = oneLine(withoutSecrets(request, body.toString('utf8', 0, 1000)));
      throw new UserError(`${where}: HTTP ${status}${said === '' ? '' : `: ${said}`}`);
    }
    const answer = answerOf(body);
    if (!answer) throw new UserError(`${where}: the answer is not one of cinder-exporter; is it the right URL?`);
    // By its own clock, if it says it: ours may differ.
    const nowMs = Date.parse(headers.date ?? '') || Date.now();
    return {
      checked: answer.clouds.map((one) => checkedOf(one, answer.backends, nowMs, maxAgeMs)),
      json: (hosts) => ({ ...answer.whole, backends: wanted(answer.whole, hosts) }),
    };
  }

  return { read, close: () => transport.close() };
}

/** What is needed of it, and all of it; undefined when it is none. */
function answerOf(body: Buffer): (Answer & { readonly whole: Whole }) | undefined {
  if (isDeep(body)) return undefined;
  try {
    const whole: unknown = JSON.parse(body.toString());
    return { ...ANSWER.parse(whole), whole: whole as Whole };
  } catch {
    return undefined;
  }
}

function checkedOf(cloud: Answer['clouds'][number], all: Answer['backends'], nowMs: number, maxAgeMs: number): Checked {
  // It has just been started.
  if (!cloud.refreshed_at) return { name: cloud.cloud, snapshot: undefined };
  const atMs = Date.parse(cloud.refreshed_at);
  const own = all.filter((backend) => backend.cloud === cloud.cloud);
  const before = (seconds: number | null | undefined): number | undefined =>
    seconds === null || seconds === undefined ? undefined : atMs - seconds * 1000;
  const ageMs = nowMs - atMs;
  return {
    name: cloud.cloud,
    old:
      ageMs > maxAgeMs
        ? `what the exporter knows is ${durationWords(ageMs)} old (--max-age is ${durationWords(maxAgeMs)})`
        : undefined,
    snapshot: {
      atMs,
      // All times are given as ages.
      clockOffsetMs: 0,
      up: cloud.up,
      collectors: cloud.collectors.flatMap(({ collector: name, success, failing_since, reason, message }) => {
        const collector = COLLECTORS.find((one) => one === name);
        if (!collector) return [];
        const failure = success
          ? undefined
          : {
              sinceMs: failing_since ? Date.parse(failing_since) : atMs,
              reason: reason ?? 'http',
              message: message ?? 'it does not say why',
            };
        return [{ collector, success, durationMs: 0, lastSuccessAtMs: undefined, failure }];
      }),
      histories: new Map(
        own.flatMap(({ host, condition, since, changes }) => {
          if (!since) return [];
          const sinceMs = Date.parse(since);
          return [[host, { condition: known(condition), sinceMs, changes, lastChangeMs: undefined }] as const];
        }),
      ),
      volumes: new Map(
        own.flatMap(({ host, volumes }) =>
          volumes
            ? [[host, { inUse: volumes.in_use ?? undefined, available: volumes.available ?? undefined, ageMs: 0 }]]
            : [],
        ),
      ),
      typesAlone: new Map(own.map(({ host, volume_types_without_another: types }) => [host, types])),
      backends: own.map((backend) => ({
        host: backend.host,
        condition: known(backend.condition),
        failingBy: backend.failing_by ?? undefined,
        reason: backend.reason,
        state: backend.state ? (backend.state === 'up' ? 1 : 0) : undefined,
        statsAtMs: before(backend.stats_age_seconds),
        heartbeatAtMs: before(backend.heartbeat_age_seconds),
        pools: backend.pools.map(({ pool, total_bytes, free_bytes, allocated_bytes }) => ({
          pool,
          totalBytes: total_bytes ?? undefined,
          freeBytes: free_bytes ?? undefined,
          allocatedBytes: allocated_bytes ?? undefined,
        })),
      })),
    },
  };
}

/** A condition of an exporter that is newer than this program cannot be judged by it. */
function known(condition: string): (typeof CONDITIONS)[number] {
  return CONDITIONS.find((one) => one === condition) ?? 'unknown';
}
