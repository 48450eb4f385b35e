import { CONDITION_TABLE, type Condition, type Severity } from '../cinder/conditions.ts';
import type { CollectorStatus, Snapshot } from '../cinder/snapshot.ts';
import { missing, wanted, type Checked } from './checked.ts';

export const OK = 0;
const WARNING = 1;
export const CRITICAL = 2;
const UNKNOWN = 3;

/** Source: the Monitoring Plugins development guidelines. */
const CODES: Readonly<Record<Severity, number>> = {
  critical: CRITICAL,
  unknown: UNKNOWN,
  warning: WARNING,
  wanted: WARNING,
  ok: OK,
};

export function codeOf(condition: Condition): number {
  return CODES[CONDITION_TABLE[condition].severity];
}

/** From worst to best: what is broken for certain goes before what cannot be told. */
export const CODES_WORST_FIRST: readonly number[] = [CRITICAL, UNKNOWN, WARNING, OK];

/**
 * The worst of all clouds and backends. Unknown are: a cloud that cannot be read, or only in part; a cloud without any backend; a host that is
 * not there; no cloud at all.
 */
export function exitCodeOf(checked: readonly Checked[], hosts: readonly string[]): number {
  const codes = checked.flatMap(({ snapshot }) => {
    if (!snapshot?.up || listsNone(snapshot, hosts)) return [UNKNOWN];
    const backends = wanted(snapshot, hosts).map((backend) => codeOf(backend.condition));
    return blindSpots(snapshot, hosts).length > 0 ? [...backends, UNKNOWN] : backends;
  });
  if (missing(checked, hosts).length > 0 || codes.length === 0) codes.push(UNKNOWN);
  return CODES_WORST_FIRST.find((code) => codes.includes(code)) ?? UNKNOWN;
}

/** The collectors that fail and without which the answer is not whole. Who asks for single backends does not ask for volume types, nor for the pools of another cloud. */
export function blindSpots(snapshot: Snapshot, hosts: readonly string[]): readonly CollectorStatus[] {
  const failing = snapshot.collectors.filter(({ success }) => !success);
  if (hosts.length === 0 || !snapshot.up) return failing;
  return wanted(snapshot, hosts).length > 0 ? failing.filter(({ collector }) => collector !== 'volume_types') : [];
}

/** The service list was read, and has no cinder-volume at all: an answer, but none that says that all is well. */
export function listsNone(snapshot: Snapshot, hosts: readonly string[]): boolean {
  return snapshot.up && hosts.length === 0 && snapshot.backends.length === 0;
}
