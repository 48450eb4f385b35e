import type { ApiVersions } from '../cinder/snapshot.ts';
import type { CloudConfig } from '../config/config.ts';
import {
  compareMicroversions,
  discover,
  formatMicroversion,
  highestUpTo,
  type Microversion,
  rangeFromNotAcceptable,
  type VersionRange,
} from '../openstack/discovery.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { asksToWait, type Pause } from '../openstack/pause.ts';
import type { SessionAnswer, Session } from '../openstack/session.ts';

/** What is read, below the endpoint: a path for each collector. Access rules of application credentials are made of it. */
export const PATHS = {
  services: '/os-services',
  pools: '/scheduler-stats/get_pools',
  volumeTypes: '/types',
  volumes: '/volumes',
  snapshots: '/snapshots',
  backups: '/backups',
  messages: '/messages',
  /** The name of a backend follows. */
  capabilities: '/capabilities',
} as const;

/**
 * The paths that these collectors read: always the service list; the volume types, and whether cinder-volume answers, only beside the pools, without
 * which nothing can be said of them. `{name}` stands for one part of a path.
 */
export function collectorPaths({
  pools,
  volumeTypes,
  volumes,
  capabilities,
  operations,
}: CloudConfig['collectors']): readonly string[] {
  return [
    PATHS.services,
    ...(pools ? [PATHS.pools] : []),
    ...(pools && volumeTypes ? [PATHS.volumeTypes] : []),
    ...(volumes ? [PATHS.volumes, PATHS.snapshots, PATHS.backups] : []),
    ...(operations ? [PATHS.volumes, `${PATHS.volumes}/detail`, PATHS.messages, PATHS.backups] : []),
    ...(pools && capabilities ? [`${PATHS.capabilities}/{host}`, PATHS.volumes, PATHS.snapshots] : []),
  ];
}

/** From here the service list has `backend_state`, and needs a scheduler. */
const WITH_BACKEND_STATE: Microversion = { major: 3, minor: 49 };
/** The last version whose service list comes from the database alone. */
const WITHOUT_SCHEDULER: Microversion = { major: 3, minor: 48 };

/** Statuses that say `not here` or `not for you`, rather than `not now`. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 410]);

/** The questions that the exporter has for Cinder. All of them are GETs; each throws an OpenStackError. */
export interface CinderApi {
  /** Learns the microversions when they are not known for this catalog, and resolves with what stands in the way: without an answer 3.49 is tried, and a 406 tells more. */
  readonly prepare: () => Promise<OpenStackError | undefined>;
  readonly versions: () => ApiVersions | undefined;
  /** The API knows 3.49, so that the full service list needs a scheduler. */
  readonly schedulerInList: () => boolean;
  readonly services: (which: 'full' | 'plain', timeoutMs: number) => Promise<SessionAnswer>;
  readonly pools: (timeoutMs: number) => Promise<SessionAnswer>;
  /** At 3.49, or the highest below it; with `upTo` at that version, or the highest below it. */
  readonly get: (operation: string, path: string, timeoutMs: number, upTo?: Microversion) => Promise<SessionAnswer>;
}

/** `discoveryPause`: as long as the API asks to be left alone with the question for its versions. */
export function createCinderApi(session: Session, requestTimeoutMs: number, discoveryPause: Pause): CinderApi {
  let range: VersionRange | undefined;
  let knownFor = -1;
  let trouble: OpenStackError | undefined;

  /** At 3.49, or the highest below it; the lowest of an API that has left 3.49 behind. */
  const full = (): Microversion => (range ? (highestUpTo(WITH_BACKEND_STATE, range) ?? range.min) : WITH_BACKEND_STATE);
  const plain = (): Microversion => (range ? (highestUpTo(WITHOUT_SCHEDULER, range) ?? range.min) : WITHOUT_SCHEDULER);
  const supported = (): boolean => compareMicroversions(full(), WITH_BACKEND_STATE) >= 0;

  async function at(
    version: () => Microversion,
    operation: string,
    path: string,
    timeoutMs: number,
  ): Promise<SessionAnswer> {
    const get = () =>
      session.get({
        operation,
        path,
        timeoutMs,
        headers: { 'openstack-api-version': `volume ${formatMicroversion(version())}` },
      });
    try {
      return await get();
    } catch (error) {
      const told = error instanceof OpenStackError ? rangeFromNotAcceptable(error) : undefined;
      if (!told) throw error;
      range = told;
      return get();
    }
  }

  return {
    async prepare() {
      await session.endpoint();
      const generation = session.generation();
      if (knownFor === generation || discoveryPause.remainingMs() > 0) return trouble;
      try {
        range = await discover(session, requestTimeoutMs);
        knownFor = generation;
        trouble = undefined;
        discoveryPause.succeed();
      } catch (cause) {
        if (!(cause instanceof OpenStackError)) throw cause;
        // A refusal is an answer: some sites hide the version document. Anything else is asked again next time.
        if (REFUSALS.has(cause.details.status ?? 0)) knownFor = generation;
        trouble = asksToWait(cause) ? discoveryPause.fail(cause) : cause;
      }
      return trouble;
    },
    versions: () => ({
      min: range ? formatMicroversion(range.min) : '',
      max: range ? formatMicroversion(range.max) : '',
      used: formatMicroversion(full()),
      backendStateSupported: supported(),
    }),
    schedulerInList: supported,
    services: (which, timeoutMs) =>
      at(
        which === 'full' ? full : plain,
        which === 'full' ? 'services' : 'services_fallback',
        PATHS.services,
        timeoutMs,
      ),
    pools: (timeoutMs) => at(full, 'pools', `${PATHS.pools}?detail=true`, timeoutMs),
    get: (operation, path, timeoutMs, upTo) =>
      at(() => (range && upTo ? (highestUpTo(upTo, range) ?? range.min) : full()), operation, path, timeoutMs),
  };
}
