import type { Simulator } from '../../src/simulator/simulator.ts';
import { ALL_FAULTS, STRUCK } from '../faults/all-faults.ts';
import type { FaultProxy } from '../faults/fault-proxy.ts';
import type { Random } from './random.ts';

/** What troubles happen to. */
export interface Ground {
  readonly simulator: Simulator;
  readonly proxy: FaultProxy;
  readonly password: string;
  /** Time jumps for the exporter, as after a suspended machine. */
  readonly jump: (ms: number) => void;
  /** Loads the configuration again, a different one each time. */
  readonly reload: () => Promise<unknown>;
}

/** Something that happens, and how it ends. */
export interface Trouble {
  readonly name: string;
  readonly end: () => Promise<void> | void;
}

type Begin = (ground: Ground, random: Random) => Promise<Trouble> | Trouble;

const strike: Begin = async ({ proxy }, random) => {
  const what = random.pick(STRUCK);
  const fault = random.pick(ALL_FAULTS);
  await proxy.strike(what, fault);
  return { name: `${what}: ${fault.name}`, end: () => proxy.strike(what, undefined) };
};

function pair(
  name: string,
  begin: (cloud: Simulator['cloud']) => void,
  end: (cloud: Simulator['cloud']) => void,
): Begin {
  return ({ simulator }) => {
    begin(simulator.cloud);
    return { name, end: () => end(simulator.cloud) };
  };
}

const HALF = 'n2@half';
const SILENT = 'n1.example@silent';

/** The first is the commonest. */
const BEGINS: readonly Begin[] = [
  ...Array.from({ length: 12 }, () => strike),
  pair(
    'no scheduler',
    (cloud) => cloud.stopScheduler(),
    (cloud) => cloud.startScheduler(),
  ),
  pair(
    'a hung scheduler',
    (cloud) => cloud.hangScheduler(),
    (cloud) => cloud.resumeScheduler(),
  ),
  pair(
    'no message bus',
    (cloud) => cloud.stopBus(),
    (cloud) => cloud.startBus(),
  ),
  pair(
    'no Keystone',
    (cloud) => cloud.stopKeystone(),
    (cloud) => cloud.startKeystone(),
  ),
  pair(
    'no API',
    (cloud) => cloud.stopApi(),
    (cloud) => cloud.startApi(),
  ),
  pair(
    'a hung API',
    (cloud) => cloud.hangApi(),
    (cloud) => cloud.startApi(),
  ),
  pair(
    'no database',
    (cloud) => cloud.breakDatabase(),
    (cloud) => cloud.repairDatabase(),
  ),
  pair(
    'tokens revoked',
    (cloud) => cloud.revokeTokens(),
    () => {},
  ),
  pair(
    'a scheduler restarted',
    (cloud) => cloud.restartScheduler(),
    () => {},
  ),
  pair(
    'a service stopped',
    (cloud) => cloud.stopService('cinder-volume', HALF),
    (cloud) => cloud.startService('cinder-volume', HALF),
  ),
  pair(
    'a backend frozen',
    (cloud) => cloud.freeze(HALF),
    (cloud) => cloud.thaw(HALF),
  ),
  pair(
    'a driver fails',
    (cloud) => cloud.setDriver(SILENT, { _fail_stats: 'no' }),
    (cloud) => cloud.setDriver(SILENT, { _fail_stats: null }),
  ),
  pair(
    'a driver says degraded',
    (cloud) => cloud.setDriver(SILENT, { backend_state: 'degraded' }),
    (cloud) => cloud.setDriver(SILENT, { backend_state: null }),
  ),
  ({ simulator, password }) => {
    simulator.cloud.changePassword('admin', 'another');
    return { name: 'the password changed', end: () => simulator.cloud.changePassword('admin', password) };
  },
  ({ simulator, proxy }) => {
    const catalog = (url: string) => [{ type: 'block-storage', name: 'cinder', url: `${url}/volume/v3` }];
    simulator.cloud.setCatalog(catalog('http://127.0.0.1:1'));
    simulator.cloud.revokeTokens();
    return { name: 'the endpoint moved', end: () => simulator.cloud.setCatalog(catalog(proxy.url)) };
  },
  ({ jump }, random) => {
    const ms = random.between(1000, 120_000);
    jump(ms);
    return { name: `${Math.round(ms / 1000)} s asleep`, end() {} };
  },
  async ({ reload }) => {
    await reload();
    return { name: 'reloaded', end() {} };
  },
];

/** Begins one at random. */
export async function trouble(ground: Ground, random: Random): Promise<Trouble> {
  return random.pick(BEGINS)(ground, random);
}
