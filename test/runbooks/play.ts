/** What is the matter with the real Cinder while a page is followed. */
export type Scene = 'faults' | 'frozen' | 'failed over' | 'left over' | 'scheduler hangs';

/** How a runbook is followed in the lab. */
export interface Play {
  /** @default faults */
  readonly scene?: Scene;
  /** What is put in for the words in capitals, but addresses. */
  readonly words: Readonly<Record<string, string>>;
  /** Which of its commands brings about what the page is about; run before the others. */
  readonly first?: string;
  /** What each of its commands prints. */
  readonly shows: Readonly<Record<string, RegExp>>;
}

const ask = 'curl -s http://EXPORTER:10776/api/v1/backends | jq';

/** Commands that stand on several pages. */
export const BACKEND = `${ask} '.backends[] | select(.host == "HOST")'`;
export const POOLS_OF_BACKEND = `${ask} '.backends[] | select(.host == "HOST") | .pools'`;
export const CLOUDS = `${ask} '.clouds[]'`;
export const SERVICES_349 = 'cinder --os-volume-api-version 3.49 service-list --binary cinder-volume';
export const SERVICES = 'openstack volume service list --service cinder-volume --long';
export const VOLUMES = "cinder --os-volume-api-version 3.33 list --all-tenants --filters 'host=HOST#POOL'";
export const UPDATE_HOST = "cinder-manage volume update_host --currenthost 'HOST#POOL' --newhost 'NEW#POOL'";

/** The command that shows rows of the driver stats of one backend. */
export function rows(...names: readonly string[]): string {
  return `cinder get-pools --detail | awk -v RS=Property '/HOST#/' | grep -E ' (${names.join('|')}) '`;
}

/** The command that shows a series of a service. */
export function series(name: string): string {
  return `curl -s http://EXPORTER:10776/metrics | grep '${name}{.*host="HOST"'`;
}

/** A row of a table that has these cells, in this order. */
export function row(...cells: readonly string[]): RegExp {
  return new RegExp(
    cells.map((cell, i) => `${i === 0 ? String.raw`\|` : String.raw`(?:.*\|)?`} ${cell} +\\|`).join(''),
  );
}

export const NOTHING = /^$/;
