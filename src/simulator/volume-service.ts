import { type CloudClock, naiveTimestamp } from './clock.ts';
import type { Database, ServiceRow } from './database.ts';
import type { BackendDefinition, DriverStats, JsonObject } from './definition.ts';
import { capabilitiesOf, getVolumeStats, reported } from './driver.ts';
import { createThreads, type Threads } from './threads.ts';
import type { VolumeRow } from './volume-rows.ts';

/** One cinder-volume process: a driver, and the row of its heartbeats. */
export interface VolumeService {
  readonly host: string;
  readonly cluster: string | null;
  readonly row: ServiceRow;
  /** The process runs. */
  running: boolean;
  /** `do_setup` succeeded; otherwise the process withholds its heartbeat. */
  initialised: boolean;
  /** A slow `get_volume_stats` is under way. */
  busy: boolean;
  driver: DriverStats;
  /** How far the host's clock is ahead of the cloud's. */
  skewMs: number;
  readonly allocatedGb: Map<string, number>;
  readonly state: 'running' | 'stopped';
  /** Grows with every start of the process: what an older one had under way is lost. */
  starts: number;
  /** Take the messages from the queue; new ones with every start. */
  threads: Threads;
  /** Volumes on which it works: the rows of the `workers` table. */
  readonly working: Set<VolumeRow>;
}

/** Where published stats go: to every live scheduler, when the bus is up. */
export type Publish = (service: VolumeService, capabilities: JsonObject, timestamp: string) => void;

/** Puts a backend's row into the database; the process does not run yet. */
export function installVolumeService(database: Database, definition: BackendDefinition, nowMs: number): VolumeService {
  const { host, cluster = null, zone = 'nova', disabledReason, frozen = false, failedOverTo } = definition;
  const row = database.insert({
    binary: 'cinder-volume',
    host,
    zone,
    cluster,
    disabled: disabledReason !== undefined || frozen || failedOverTo !== undefined,
    disabledReason: frozen ? 'frozen' : failedOverTo === undefined ? (disabledReason ?? null) : 'failed-over',
    updatedAtMs: nowMs - (definition.heartbeatAgeMs ?? 0),
    frozen,
    replicationStatus: failedOverTo === undefined ? 'not-capable' : 'failed-over',
    activeBackendId: failedOverTo ?? null,
  });
  if (cluster !== null && (frozen || row.disabled))
    Object.assign(database.cluster(cluster), { frozen, disabled: row.disabled });
  const driver: DriverStats = {
    volume_backend_name: host.includes('@') ? host.slice(host.indexOf('@') + 1) : host,
    vendor_name: 'Open Source',
    driver_version: '1.0.0',
    storage_protocol: 'iSCSI',
    ...definition.driver,
  };
  const allocatedGb = new Map(Object.entries(definition.volumes ?? {}));
  return {
    host,
    cluster,
    row,
    running: false,
    initialised: false,
    busy: false,
    driver,
    skewMs: 0,
    allocatedGb,
    get state() {
      return this.running ? 'running' : 'stopped';
    },
    starts: 0,
    threads: createThreads(0),
    working: new Set(),
  };
}

/** Starts the process: `do_setup`, one heartbeat (written before the driver is known to work), first stats. */
export function startVolumeService(
  service: VolumeService,
  database: Database,
  clock: CloudClock,
  publish: Publish,
  rpcThreads: number,
): void {
  service.running = true;
  service.starts++;
  service.threads = createThreads(rpcThreads);
  service.initialised = service.driver['_fail_setup'] === undefined;
  service.busy = false;
  database.heartbeat(service.row, clock.now() + service.skewMs);
  if (!service.initialised) return;
  if (service.row.replicationStatus !== 'failed-over') {
    service.row.replicationStatus =
      service.driver['replication_enabled'] === true || service.cluster !== null ? 'enabled' : 'disabled';
  }
  publishStats(service, clock, publish);
}

/** One turn of the polling: asks the driver, publishes what it says. A driver that raises or hangs publishes nothing. */
export function publishStats(service: VolumeService, clock: CloudClock, publish: Publish): void {
  if (!service.running || !service.initialised || service.busy) return;
  const reading = getVolumeStats(service.driver);
  if (reading.kind !== 'stats') return;
  const send = (): void => {
    const capabilities = capabilitiesOf(reading.stats, service.allocatedGb);
    publish(service, capabilities, naiveTimestamp(clock.now(), (service.row.id * 37) % 1000));
  };
  if (reading.afterMs === 0) return send();
  service.busy = true;
  clock.after(reading.afterMs, () => {
    service.busy = false;
    if (service.running) send();
  });
}

/** The stats that the driver gave `ageMs` ago, before it fell silent. */
export function publishOldStats(service: VolumeService, clock: CloudClock, ageMs: number, publish: Publish): void {
  const capabilities = capabilitiesOf(reported(service.driver), service.allocatedGb);
  publish(service, capabilities, naiveTimestamp(clock.now() - ageMs, (service.row.id * 37) % 1000));
}
