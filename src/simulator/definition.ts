/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * What a driver's `get_volume_stats` returns. Keys that begin with `_` steer the driver itself and are not reported:
 * `_fail_setup` (text: `do_setup` raises at the start of the service), `_fail_stats` (text: `get_volume_stats` raises),
 * `_hang` (true: it never returns), `_sleep` (seconds that it takes). With the name of a method, such as `create`: `_fail_create` (text: it raises, at
 * the end of its time), `_slow_create` (seconds that it takes), `_hang_create` (true: it never returns, and holds a thread).
 */
export type DriverStats = JsonObject;

/** What is done to a volume; `copy` is the image that is written to it, and fails for the image's sake: with the name of an exception of Cinder's, such
 * as `ImageTooBig`, the user gets the message that it has. */
export type DriverMethod = 'create' | 'copy' | 'delete' | 'snapshot' | 'delete_snapshot' | 'attach' | 'detach';

/** A backend and the cinder-volume service that drives it. */
export interface BackendDefinition {
  /** `host@backend`, or a plain `host` as in old installations. */
  readonly host: string;
  /** `cluster@backend` of an active/active cluster; every host of the cluster is a definition of its own. */
  readonly cluster?: string;
  /** Availability zone; `nova` by default. */
  readonly zone?: string;
  readonly driver: DriverStats;
  /** Gigabytes of volumes by pool: what the volume manager counts as allocated. */
  readonly volumes?: Readonly<Record<string, number>>;
  /** false: the service does not run; its row exists. */
  readonly running?: boolean;
  /** How old the last heartbeat is at the start of a service that does not run. */
  readonly heartbeatAgeMs?: number;
  /** The driver spoke last so long ago, whatever it does since. */
  readonly statsAgeMs?: number;
  /** Present (even null): the service is disabled, with or without a reason. */
  readonly disabledReason?: string | null;
  readonly frozen?: boolean;
  /** `active_backend_id` after a failover. */
  readonly failedOverTo?: string;
}

export interface VolumeTypeDefinition {
  readonly name: string;
  readonly description?: string;
  /** true by default. */
  readonly isPublic?: boolean;
  /** Names of the projects that may use a type that is not public. */
  readonly projects?: readonly string[];
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** A whole cloud as it is when the simulator starts. */
export interface CloudDefinition {
  readonly backends: readonly BackendDefinition[];
  /** Hosts of cinder-scheduler; one named `controller` by default. */
  readonly schedulers?: readonly string[];
  /** Hosts of cinder-backup; one named `controller` by default. */
  readonly backups?: readonly string[];
  readonly volumeTypes?: readonly VolumeTypeDefinition[];
  /** Ids of images that volumes can be made of; none by default. */
  readonly images?: readonly string[];
}

/** Is it a JSON object (not null, not an array)? */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON value as text: strings as they are, everything else as JSON writes it. */
export function jsonText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** What cinder.conf, keystone.conf and the web server would say. Times without another word are of the cloud's clock. */
export interface CloudSettings {
  /** `backend_stats_polling_interval`. */
  readonly pollIntervalMs: number;
  /** `report_interval`. */
  readonly reportIntervalMs: number;
  /** `service_down_time`. */
  readonly serviceDownTimeMs: number;
  /** `rpc_response_timeout`, by the clock for it: real time unless told otherwise. */
  readonly rpcResponseTimeoutMs: number;
  /** `executor_thread_pool_size`: threads of a cinder-volume. */
  readonly rpcThreads: number;
  /** How long a driver takes for a volume or a snapshot unless it is told otherwise. */
  readonly driverMs: number;
  /** `scheduler_max_attempts`. */
  readonly schedulerMaxAttempts: number;
  /** Threads of the API process. A request that waits for the scheduler holds one, even when its client has gone. */
  readonly apiThreads: number;
  /** false: the fault of Cinder 29, where `enable`, and `disable` without a reason, answer 200 and change nothing. */
  readonly enableIsSaved: boolean;
  /** true: as Cinder 29 has them, each action of the services is a route, so that the router refuses all others. false: one resource. */
  readonly serviceRoutes: boolean;
  /** `enforce_new_defaults`: what is of a project is read with the role reader and changed with the role member. */
  readonly projectRoles: boolean;
  readonly minMicroversion: string;
  readonly maxMicroversion: string;
  /** Life of a token. */
  readonly tokenLifeMs: number;
  /** `token_cache_time` of Cinder: a revoked token is honoured that long after it was last checked. */
  readonly tokenCacheMs: number;
  /** `osapi_max_limit`: the longest page of volume types. */
  readonly maxLimit: number;
  readonly dateHeader: boolean;
  /** false: as Debian's uwsgi, `Connection: close` and no `Content-Length`. */
  readonly keepAlive: boolean;
  /** gzip for bodies over 1 kB when the client accepts it. */
  readonly gzip: boolean;
}

/** Cinder's own defaults. */
export const DEFAULT_SETTINGS: CloudSettings = {
  pollIntervalMs: 60_000,
  reportIntervalMs: 10_000,
  serviceDownTimeMs: 60_000,
  rpcResponseTimeoutMs: 60_000,
  rpcThreads: 64,
  driverMs: 400,
  schedulerMaxAttempts: 3,
  apiThreads: 8,
  enableIsSaved: true,
  serviceRoutes: false,
  projectRoles: false,
  minMicroversion: '3.0',
  maxMicroversion: '3.70',
  tokenLifeMs: 3_600_000,
  tokenCacheMs: 300_000,
  maxLimit: 1000,
  dateHeader: true,
  keepAlive: true,
  gzip: true,
};

/** Releases of Cinder by their major version: 11 (Pike) knows no `backend_state`, 21 is Zed, 29 is 2026.2. */
export type Release = '11' | '21' | '29';

/** In what each of them differs from the settings above. These are of release 21. */
export const RELEASES: Readonly<Record<Release, Partial<CloudSettings>>> = {
  11: { maxMicroversion: '3.43' },
  21: {},
  29: { maxMicroversion: '3.71', enableIsSaved: false, serviceRoutes: true, projectRoles: true },
};
