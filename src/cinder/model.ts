import type { Condition, FailingBy } from './conditions.ts';

/** The vocabulary of the snapshot: Cinder's own nouns, decoded. Bytes, ratios and milliseconds since the epoch; undefined is "not told". */

export interface Service {
  readonly binary: string;
  /** As Cinder writes it: `host@backend` for cinder-volume, plain `host` for the rest. */
  readonly host: string;
  readonly zone: string;
  /** `cluster@backend` in an active/active cluster (from microversion 3.7). */
  readonly cluster: string | undefined;
  /** The operator's wish: status `enabled`. */
  readonly enabled: boolean | undefined;
  /** The heartbeat's verdict: state `up` is true, `down` is false. */
  readonly up: boolean | undefined;
  /** `state` word for word when it is neither. */
  readonly otherState?: string | undefined;
  readonly frozen: boolean | undefined;
  /**
   * `updated_at`: the last heartbeat, or the last change of the row (enable, disable, freeze), whichever is nearer to now; so the heartbeat is at least
   * this old. Source: cinder/api/contrib/services.py.
   */
  readonly updatedAtMs: number | undefined;
  readonly disabledReason: string | undefined;
  readonly replicationStatus: string | undefined;
  readonly activeBackendId: string | undefined;
  /** `backend_state` word for word; null as Cinder says it; undefined below 3.49 and on other binaries. */
  readonly backendState: string | null | undefined;
}

export interface Pool {
  /** `host@backend` or `cluster@backend`: the part of the name before `#`. */
  readonly host: string;
  readonly pool: string;
  /** `backend_state` of this pool's stats, word for word; undefined when the driver never says. */
  readonly backendState: string | undefined;
  /** `timestamp`: when the driver stats were taken. */
  readonly statsAtMs: number | undefined;
  readonly totalBytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly allocatedBytes: number | undefined;
  readonly provisionedBytes: number | undefined;
  /** By the scheduler's own arithmetic; may be negative. */
  readonly virtualFreeBytes: number | undefined;
  readonly reservedRatio: number | undefined;
  readonly maxOverSubscriptionRatio: number | undefined;
  readonly thinProvisioning: boolean | undefined;
  readonly volumeBackendName: string;
  readonly vendorName: string;
  readonly driverVersion: string;
  readonly storageProtocol: string;
  /** Its capacity is 0 in two successive reports, while volumes are allocated on it: the array does not answer its driver. */
  readonly vanished?: boolean;
  /** What it said of its state was true once: the backend is stale, without service or unknown. */
  readonly outdated?: boolean;
}

export interface Backend {
  /** `host@backend`, or `cluster@backend`. */
  readonly host: string;
  readonly condition: Condition;
  /** What shows that it is failing; undefined in every other condition. */
  readonly failingBy?: FailingBy | undefined;
  /** One plain sentence: why. */
  readonly reason: string;
  /** 1 up, 0 down, undefined: nobody can say. */
  readonly state: 0 | 1 | undefined;
  /** Does the driver itself report a state? undefined without driver stats. */
  readonly reported: boolean | undefined;
  /** Did its cinder-volume answer the last request of the probes? undefined: nobody knows. */
  readonly answers: boolean | undefined;
  /** The newest `timestamp` of its pools. */
  readonly statsAtMs: number | undefined;
  /** The newest `updated_at` of its services that are in use, of all when none is: the last heartbeat is at least this old. */
  readonly heartbeatAtMs: number | undefined;
  readonly services: readonly Service[];
  readonly pools: readonly Pool[];
}
