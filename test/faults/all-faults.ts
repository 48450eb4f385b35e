import { BROKEN_BODIES, HARMLESS } from './broken-bodies.ts';
import { BROKEN_CONNECTIONS } from './broken-connections.ts';
import type { Fault } from './fault.ts';
import type { Struck } from './fault-proxy.ts';
import { STATUSES } from './statuses.ts';

export const ALL_FAULTS: readonly Fault[] = [...BROKEN_CONNECTIONS, ...BROKEN_BODIES, ...HARMLESS, ...STATUSES];

/** Everything that the exporter asks, in its order. */
export const STRUCK: readonly Struck[] = ['token', 'discovery', 'services', 'services at 3.49', 'pools', 'types'];

/** The fault of that name. */
export function faultNamed(name: string): Fault {
  const fault = ALL_FAULTS.find((one) => one.name === name);
  if (!fault) throw new Error(`no such fault: ${name}`);
  return fault;
}

/** Cinder is on one port: to refuse the third question is to refuse the fourth as well. */
export function canStrike(struck: Struck, fault: Fault): boolean {
  return fault.name !== 'refuse' || ['token', 'discovery', 'services'].includes(struck);
}
