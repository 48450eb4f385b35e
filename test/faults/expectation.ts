import type { FailureReason } from '../../src/openstack/errors.ts';
import type { Fault } from './fault.ts';
import type { Struck } from './fault-proxy.ts';
import { BY_HEARTBEAT, BY_LIST, BY_STATS, type Conditions } from './storm-cloud.ts';

/**
 * How a collector must come out: well, failed for this reason, or not asked at all because of the trouble before it
 * (then it is not successful either, but nothing is counted). `either`: whether it was asked is chance.
 */
export type Outcome = 'well' | { readonly failed: FailureReason } | 'not asked' | { readonly either: FailureReason };

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

/** The whole cloud is out of sight, or wants to be left alone. */
function blind(services: Outcome, pools: Outcome): Expectation {
  return { ...WELL, up: 0, services, pools, types: 'not asked', cold: NOTHING, expired: NOTHING };
}

/** Refused, or asked to wait: asking for less, or for something else, would be no better. */
function stopsAll({ status, asksToWait }: Fault): boolean {
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
      return blind({ failed: told }, { either: told });
    }
    case 'discovery':
      return refused ? blind({ failed: reason }, { failed: reason }) : { ...WELL, noted: 'discovery' };
    case 'services':
      if (refused) return blind({ failed: reason }, { failed: reason });
      return blind({ failed: reason }, stopsAll(fault) || occupiesScheduler(fault) ? 'not asked' : 'well');
    case 'services at 3.49':
      if (stopsAll(fault)) return blind({ failed: reason }, 'not asked');
      if (reason === 'forbidden') return blind({ failed: reason }, 'well');
      return occupiesScheduler(fault)
        ? { ...WELL, pools: 'not asked', counted: reason, cold: BY_HEARTBEAT, expired: BY_HEARTBEAT }
        : { ...WELL, counted: reason, noted: 'services at 3.49' };
    case 'pools':
      return { ...WELL, pools: { failed: reason }, cold: BY_LIST, expired: BY_LIST };
    case 'types':
      return { ...WELL, types: { failed: reason } };
    case 'other':
      return WELL;
  }
}
