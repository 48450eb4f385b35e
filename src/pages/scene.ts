import type { Stretch } from './history.ts';
import type { CloudNow } from './listing.ts';

/** All that a page is drawn from, at one moment. */
export interface Scene {
  readonly nowMs: number;
  /** Every watched cloud, also on the page of one. */
  readonly clouds: readonly CloudNow[];
  readonly grafanaUrl: string | undefined;
  readonly telemetryPath: string;
  readonly history: (cloud: string, host: string) => readonly Stretch[];
}
