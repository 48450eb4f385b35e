import { DEFAULT_POLICY, type Policy } from './cinder-call.ts';
import type { CloudClock } from './clock.ts';
import { type Database, type ServiceRow, type VolumeTypeRow, openDatabase, volumeTypes } from './database.ts';
import type { BackendDefinition, CloudDefinition, CloudSettings } from './definition.ts';
import { type Directory, createDirectory } from './keystone-identity.ts';
import { type Tokens, createTokens } from './keystone-tokens.ts';
import { type CatalogEntry, defaultCatalog } from './keystone.ts';
import { type Bus, createBus } from './message-bus.ts';
import { type Operator, operator } from './operator.ts';
import { createQueues, type Queues } from './queues.ts';
import { type Scheduler, createScheduler } from './scheduler.ts';
import { createVolumeFlows, type VolumeFlows } from './volume-flow.ts';
import {
  type Publish,
  type VolumeService,
  installVolumeService,
  publishOldStats,
  publishStats,
  startVolumeService,
} from './volume-service.ts';

/** Everything behind the HTTP API. */
export interface Cloud {
  readonly clock: CloudClock;
  readonly settings: CloudSettings;
  readonly database: Database;
  readonly schedulers: readonly Scheduler[];
  readonly bus: Bus;
  readonly queues: Queues;
  readonly flows: VolumeFlows;
  /** Ids of the images that there are. */
  readonly images: readonly string[];
  readonly processes: Processes;
  readonly operator: Operator;
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly volumeTypes: VolumeTypeRow[];
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
  clock: CloudClock,
  rpcClock: CloudClock,
  settings: CloudSettings,
  url: string,
): Cloud {
  const database = openDatabase();
  // The scheduler has no quarrel with a heartbeat from the future; only the service list has.
  const isUp = (updatedAtMs: number): boolean => updatedAtMs >= clock.now() - settings.serviceDownTimeMs;
  const hosts = definition.schedulers ?? ['controller'];
  const schedulers = hosts.map((host) => createScheduler(host, database, isUp));
  const bus = createBus(settings.rpcResponseTimeoutMs, rpcClock);
  const volumes = new Map<string, VolumeService>();
  const queues = createQueues(bus, schedulers, volumes);
  const flows = createVolumeFlows(database, queues, clock, settings);
  return {
    clock,
    settings,
    database,
    schedulers,
    bus,
    queues,
    flows,
    images: definition.images ?? [],
    processes: startProcesses(definition, database, schedulers, volumes, flows, bus, clock, settings),
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

/** The processes of the cloud besides the API, and the two periods by which they work. */
interface Processes {
  readonly volumes: ReadonlyMap<string, VolumeService>;
  /** cinder-backup: a row and whether it runs. */
  readonly backups: readonly { readonly row: ServiceRow; running: boolean }[];
  install(definition: BackendDefinition): VolumeService;
  uninstall(host: string): void;
  start(service: VolumeService): void;
  /** Every running driver is asked now, as at the end of a polling interval. */
  poll(): void;
  /** Every running service writes its heartbeat now. */
  heartbeat(): void;
  /** The periods begin. */
  run(): void;
  close(): void;
}

/** Sets the cloud up as it is defined: rows, running services, first stats. */
function startProcesses(
  definition: CloudDefinition,
  database: Database,
  schedulers: readonly Scheduler[],
  volumes: Map<string, VolumeService>,
  flows: VolumeFlows,
  bus: Bus,
  clock: CloudClock,
  settings: CloudSettings,
): Processes {
  const publish: Publish = (service, capabilities, timestamp) => {
    if (!bus.up) return;
    for (const scheduler of schedulers) {
      if (scheduler.state === 'running') scheduler.receive(service.host, service.cluster, capabilities, timestamp);
    }
  };
  const backups = (definition.backups ?? ['controller']).map((host) => ({
    row: insertPlainRow(database, 'cinder-backup', host, clock.now()),
    running: true,
  }));
  for (const { host } of schedulers) insertPlainRow(database, 'cinder-scheduler', host, clock.now());

  const start = (service: VolumeService): void => {
    startVolumeService(service, database, clock, publish, settings.rpcThreads);
    flows.recover(service);
    bus.wake();
  };
  const install = (backend: BackendDefinition): VolumeService => {
    const service = installVolumeService(database, backend, clock.now());
    volumes.set(backend.host, service);
    if (backend.statsAgeMs !== undefined) publishOldStats(service, clock, backend.statsAgeMs, publish);
    if (backend.running !== false) start(service);
    return service;
  };
  const poll = (): void => {
    for (const service of volumes.values()) publishStats(service, clock, publish);
  };
  const heartbeat = (): void => {
    const now = clock.now();
    for (const { running, initialised, row, skewMs } of volumes.values()) {
      if (running && initialised) database.heartbeat(row, now + skewMs);
    }
    for (const { row, running } of backups) if (running) database.heartbeat(row, now);
    for (const { host, state } of schedulers) {
      if (state !== 'running') continue;
      for (const row of database.find('cinder-scheduler', host)) database.heartbeat(row, now);
    }
  };
  for (const backend of definition.backends) install(backend);
  for (const scheduler of schedulers) scheduler.onEmptyAnswer = poll;

  let timers: (() => void)[] = [];
  return {
    volumes,
    backups,
    install,
    uninstall: (host) => void volumes.delete(host),
    start,
    poll,
    heartbeat,
    run() {
      // One loop for all backends, however many there are.
      timers = [clock.every(settings.pollIntervalMs, poll), clock.every(settings.reportIntervalMs, heartbeat)];
    },
    close() {
      for (const stop of timers) stop();
      for (const service of volumes.values()) service.running = false;
    },
  };
}

function insertPlainRow(database: Database, binary: string, host: string, nowMs: number): ServiceRow {
  return database.insert({
    binary,
    host,
    zone: 'nova',
    cluster: null,
    disabled: false,
    disabledReason: null,
    updatedAtMs: nowMs,
    frozen: false,
    replicationStatus: 'not-capable',
    activeBackendId: null,
  });
}
