/** Who asks. The two clouds under contract know the same users. */
export type Who = 'admin' | 'system' | 'appcred' | 'member' | 'reader' | 'monitor';

/** A cloud under contract: an OpenStack API, and hands to do to it what happens to a cloud in a machine room. */
export interface Cloud {
  /** Keystone, with `/v3`. */
  readonly identityUrl: string;
  /** Cinder, with `/v3`. */
  readonly volumeUrl: string;
  readonly timing: Timing;
  /** `backend_stats_polling_interval` by this cloud's clock, in milliseconds. */
  readonly statsPeriodMs: number;
  /** This cloud's clock, in milliseconds since the epoch. */
  now(): number;
  /** Lets some of this cloud's time pass, less than any of its periods. */
  letTimePass(): Promise<void>;
  /** The body of the login request of `who`. */
  loginBody(who: Who): Record<string, unknown>;
  /** The id of the application credential of `who` appcred, its name, and its user. */
  readonly credential: { readonly id: string; readonly name: string; readonly secret: string; readonly user: string };
  readonly projects: { readonly admin: string; readonly demo: string };

  /** Merges `patch` into what the driver of a backend reports; null deletes a key; `_fail_stats` (a reason) and `_sleep` (seconds) misbehave. */
  stats(backend: string, patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** Units: `cinder-scheduler` and `volume-<backend>`. */
  stop(unit: string): Promise<void>;
  start(unit: string): Promise<void>;
  /** Starts the backend's cinder-volume anew with a driver whose set-up raises `reason`; null: with one that works. */
  failSetUp(backend: string, reason: string | null): Promise<void>;
  disable(host: string, reason?: string): Promise<void>;
  enable(host: string): Promise<void>;
  freeze(host: string): Promise<void>;
  thaw(host: string): Promise<void>;
  failOver(host: string, to: string): Promise<void>;
  /** Ends the backend's cinder-volume and takes its row away. */
  remove(backend: string): Promise<void>;
  /** Configures and starts a removed backend again. */
  restore(backend: string): Promise<void>;
  /** Ends everything. */
  down(): Promise<void>;
}

/** Real milliseconds, whatever the cloud's own clock does meanwhile. */
interface Timing {
  /** `rpc_response_timeout`. */
  readonly rpcTimeoutMs: number;
  /** An answer that needs nobody else comes within this. */
  readonly promptMs: number;
  /** What is expected after an event comes within this. */
  readonly deadlineMs: number;
}
