import type { Clock } from './clock.ts';
import type { Database } from './database.ts';
import type { BackendDefinition, CloudDefinition } from './definition.ts';
import type { Bus } from './bus.ts';
import type { Scheduler } from './scheduler.ts';
import type { ServiceRow } from './service-row.ts';
import type { Settings } from './settings.ts';
import {
  installVolumeService,
  type Publish,
  publishOldStats,
  publishStats,
  startVolumeService,
  type VolumeService,
} from './volume-service.ts';

/** The processes of the cloud besides the API, and the two periods by which they work. */
export interface Processes {
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
export function startProcesses(
  definition: CloudDefinition,
  database: Database,
  schedulers: readonly Scheduler[],
  bus: Bus,
  clock: Clock,
  settings: Settings,
): Processes {
  const volumes = new Map<string, VolumeService>();
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

  const start = (service: VolumeService): void => startVolumeService(service, database, clock, publish);
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
