import type { Snapshot } from '../cinder/snapshot.ts';

/** What `check` found out about one cloud. */
export interface Checked {
  readonly name: string;
  readonly snapshot: Snapshot | undefined;
}

/** The backends that were asked for: all without HOST arguments. */
export function wanted(snapshot: Snapshot, hosts: readonly string[]): Snapshot['backends'] {
  return hosts.length === 0 ? snapshot.backends : snapshot.backends.filter((backend) => hosts.includes(backend.host));
}

/** Hosts that were asked for and are in no cloud. */
export function missing(checked: readonly Checked[], hosts: readonly string[]): readonly string[] {
  return hosts.filter(
    (host) => !checked.some(({ snapshot }) => snapshot?.backends.some((backend) => backend.host === host)),
  );
}
