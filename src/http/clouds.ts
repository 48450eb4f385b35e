import type { FleetCloud } from '../refresh/fleet.ts';
import type { PageSource } from '../refresh/page.ts';

/** A watched cloud as the web server sees it. */
export type ServedCloud = FleetCloud;

/** Everything that the web server shows. The list is swapped whole when the configuration is reloaded. */
export interface Served {
  readonly clouds: () => readonly ServedCloud[];
  /** What `/metrics` shows: with one cloud all of it, with several what belongs to the process. */
  readonly metrics: () => PageSource;
  readonly grafanaUrl: () => string | undefined;
}
