import { type Bus, createBus } from './bus.ts';
import { type CatalogEntry, defaultCatalog } from './catalog.ts';
import type { Clock } from './clock.ts';
import { type Database, openDatabase } from './database.ts';
import type { CloudDefinition } from './definition.ts';
import { createDirectory, type Directory } from './directory.ts';
import { operator, type Operator } from './operator.ts';
import { DEFAULT_POLICY, type Policy } from './policy.ts';
import { type Processes, startProcesses } from './processes.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import type { Settings } from './settings.ts';
import { createTokens, type Tokens } from './token.ts';
import { type VolumeType, volumeTypes } from './volume-type.ts';

/** Everything behind the HTTP API. */
export interface Cloud {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly database: Database;
  readonly schedulers: readonly Scheduler[];
  readonly bus: Bus;
  readonly processes: Processes;
  readonly operator: Operator;
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly volumeTypes: readonly VolumeType[];
  policy: Policy;
  catalog: readonly CatalogEntry[];
  /** false: connections to Keystone are cut. */
  keystoneIsUp: boolean;
  /** false: connections to the API are cut. `hung`: it takes requests and never answers. */
  apiState: 'up' | 'stopped' | 'hung';
  databaseIsUp: boolean;
}

/** Builds a cloud at rest; `processes.run()` sets its periods going. */
export function createCloud(
  definition: CloudDefinition,
  clock: Clock,
  rpcClock: Clock,
  settings: Settings,
  url: string,
): Cloud {
  const database = openDatabase();
  // The scheduler has no quarrel with a heartbeat from the future; only the service list has.
  const isUp = (updatedAtMs: number): boolean => updatedAtMs >= clock.now() - settings.serviceDownTimeMs;
  const hosts = definition.schedulers ?? ['controller'];
  const schedulers = hosts.map((host) => createScheduler(host, database, isUp));
  const bus = createBus(schedulers, settings.rpcResponseTimeoutMs, rpcClock);
  return {
    clock,
    settings,
    database,
    schedulers,
    bus,
    processes: startProcesses(definition, database, schedulers, bus, clock, settings),
    operator: operator(database, () => clock.now()),
    directory: createDirectory(),
    tokens: createTokens(() => clock.now()),
    volumeTypes: volumeTypes(definition.volumeTypes ?? []),
    policy: DEFAULT_POLICY,
    catalog: defaultCatalog(url),
    keystoneIsUp: true,
    apiState: 'up',
    databaseIsUp: true,
  };
}
