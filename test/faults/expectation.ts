import type { FailureReason } from '../../src/openstack/errors.ts';
import type { Fault } from './fault.ts';
import type { Struck } from './fault-proxy.ts';
import { BY_HEARTBEAT, BY_LIST, BY_STATS, type Conditions } from './storm-cloud.ts';

/** How a collector must come out: well, failed for this reason (the reason of the trouble before it, when that is why it was not asked), or not due. */
export type Outcome = 'well' | { readonly failed: FailureReason } | 'not due';

/** What must be so while a fault lasts, thought through from what an operator needs to know. */
export interface Expectation {
  readonly up: 0 | 1;
  readonly services: Outcome;
  readonly pools: Outcome;
  readonly types: Outcome;
  /** Trouble that fails no collector is counted at this one all the same. */
  readonly counted: FailureReason | undefined;
  /** Trouble that fails no collector is said once as this part of an answer. */
  readonly noted: 'discovery' | 'services at 3.49' | undefined;
  /** Conditions when the exporter starts in the middle of it; with fresh evidence from before; when that is too old. */
  readonly cold: Conditions;
  readonly fresh: Conditions;
  readonly expired: Conditions;
}

const WELL: Expectation = {
  up: 1,
  services: 'well',
  pools: 'well',
  types: 'well',
  counted: undefined,
  noted: undefined,
  cold: BY_STATS,
  fresh: BY_STATS,
  expired: BY_STATS,
};

const NOTHING: Conditions = {};

/** The list is out of sight. */
function blind(services: Outcome, pools: Outcome): Expectation {
  return { ...WELL, up: 0, services, pools, types: 'not due', cold: NOTHING, expired: NOTHING };
}

/** Refused, or asked to wait: the list below 3.49 would be no better. */
function stopsTheList({ status, asksToWait }: Fault): boolean {
  return status === 401 || status === 429 || asksToWait === true;
}

/** Cinder may still be at it when we have given up. */
export function occupiesScheduler({ hangs, status }: Fault): boolean {
  return hangs === true || status === 504;
}

/** The operations in a table: what a fault of each must lead to. */
export function expectationOf(struck: Struck, fault: Fault): Expectation {
  const { reason } = fault;
  if (reason === undefined) return WELL;
  const refused = fault.name === 'refuse';
  switch (struck) {
    case 'token': {
      // To the operator a 403 of Keystone is a refused login as well.
      const told = reason === 'forbidden' ? 'auth' : reason;
      return blind({ failed: told }, { failed: told });
    }
    case 'discovery':
      return refused ? blind({ failed: reason }, { failed: reason }) : { ...WELL, noted: 'discovery' };
    case 'services':
      if (refused) return blind({ failed: reason }, { failed: reason });
      return blind({ failed: reason }, occupiesScheduler(fault) ? { failed: reason } : 'well');
    case 'services at 3.49':
      if (stopsTheList(fault) || reason === 'forbidden') return blind({ failed: reason }, 'well');
      return occupiesScheduler(fault)
        ? { ...WELL, pools: { failed: reason }, counted: reason, cold: BY_HEARTBEAT, expired: BY_HEARTBEAT }
        : { ...WELL, counted: reason, noted: 'services at 3.49' };
    case 'pools':
      return { ...WELL, pools: { failed: reason }, cold: BY_LIST, expired: BY_LIST };
    case 'types':
      return { ...WELL, types: { failed: reason } };
    case 'capabilities':
    case 'messages':
    case 'other':
      return WELL;
  }
}
