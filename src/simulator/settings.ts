/** What cinder.conf, keystone.conf and the web server in front would say. Times without another word are of the cloud's clock. */
export interface Settings {
  /** `backend_stats_polling_interval`. */
  readonly pollIntervalMs: number;
  /** `report_interval`. */
  readonly reportIntervalMs: number;
  /** `service_down_time`. */
  readonly serviceDownTimeMs: number;
  /** `rpc_response_timeout`, by the clock for it: real time unless told otherwise. */
  readonly rpcResponseTimeoutMs: number;
  /** Threads of the API process. A request that waits for the scheduler holds one, even when its client has gone. */
  readonly apiThreads: number;
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
export const DEFAULT_SETTINGS: Settings = {
  pollIntervalMs: 60_000,
  reportIntervalMs: 10_000,
  serviceDownTimeMs: 60_000,
  rpcResponseTimeoutMs: 60_000,
  apiThreads: 8,
  minMicroversion: '3.0',
  maxMicroversion: '3.70',
  tokenLifeMs: 3_600_000,
  tokenCacheMs: 300_000,
  maxLimit: 1000,
  dateHeader: true,
  keepAlive: true,
  gzip: true,
};
