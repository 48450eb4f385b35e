import type { Condition } from '../cinder/model.ts';
import { missing, wanted, type Checked } from './checked.ts';

export const OK = 0;
const WARNING = 1;
export const CRITICAL = 2;
const UNKNOWN = 3;

/** How bad each condition is. Source of the codes: the Monitoring Plugins development guidelines. */
export const SEVERITY: Readonly<Record<Condition, number>> = {
  frozen: WARNING,
  disabled: WARNING,
  service_down: CRITICAL,
  unknown: UNKNOWN,
  down: CRITICAL,
  stale: CRITICAL,
  degraded: WARNING,
  up_assumed: OK,
  up: OK,
};

/** From worst to best: what is broken for certain goes before what cannot be told. */
export const WORST_FIRST: readonly number[] = [CRITICAL, UNKNOWN, WARNING, OK];

/** The worst of all clouds and backends. A cloud that cannot be read, a host that is not there, and no backend at all are unknown. */
export function exitCodeOf(checked: readonly Checked[], hosts: readonly string[]): number {
  const codes = checked.flatMap(({ snapshot }) =>
    snapshot?.up ? wanted(snapshot, hosts).map((backend) => SEVERITY[backend.condition]) : [UNKNOWN],
  );
  if (missing(checked, hosts).length > 0 || codes.length === 0) codes.push(UNKNOWN);
  return WORST_FIRST.find((code) => codes.includes(code)) ?? UNKNOWN;
}
