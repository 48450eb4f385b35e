import { DEFAULT_POLICY, type Policy } from '../../src/simulator/cinder-call.ts';

/** The policy that lets the role `monitor` read. */
export const MONITOR_POLICY: Policy = { ...DEFAULT_POLICY, contextIsAdmin: ['admin', 'monitor'] };
