import type { Policy } from './cinder-call.ts';
import type { Cloud } from './cloud.ts';
import type { ServiceRow } from './database.ts';
import type { BackendDefinition, JsonObject } from './definition.ts';
import { idOf } from './keystone-identity.ts';
import { newVolume } from './volume-rows.ts';
import { patched, patchedPool } from './driver.ts';
import type { CatalogEntry } from './keystone.ts';
import type { Operator } from './operator.ts';
import type { Scheduler } from './scheduler.ts';
import type { VolumeService } from './volume-service.ts';

/** What may happen to a cloud. Names that it does not know are errors. */
export interface Faults extends Operator {
  /** Merges into what the driver reports from its next poll on; null deletes a key. A cluster's name reaches all of its hosts. */
  setDriver(hostOrCluster: string, patch: JsonObject): void;
  /** The same for one pool of a driver that reports pools. */
  setPool(hostOrCluster: string, pool: string, patch: JsonObject): void;
  /** All drivers are asked at once, without waiting for the polling interval. */
  poll(): void;
  /** All live services write their heartbeats at once. */
  heartbeat(): void;
  /** The host's clock is so many milliseconds ahead of the cloud's. */
  setClockSkew(host: string, ms: number): void;
  createVolume(host: string, pool: string, sizeGb: number): void;
  /** A user asks for a volume of that type, wherever there is room; its id. Of nothing and of the project `demo` unless told otherwise. */
  makeVolume(
    type: string,
    sizeGb: number,
    how?: { readonly project?: string; readonly from?: 'image' | 'nothing' | 'snapshot' },
  ): string;
  /** The user deletes it, if it is in a state in which it can be deleted. */
  deleteVolume(id: string): void;
  /** An administrator sets the status of every snapshot that a driver could not delete to `error`. */
  resetSnapshots(): void;
  /** An instance takes a volume that is available into use, or lets go of it. */
  useVolume(id: string, inUse: boolean): void;
  /** What became of it; undefined when it is gone. */
  volumeStatus(id: string): string | undefined;
  /** Work that never ends holds every thread of that cinder-volume until it is started anew; heartbeat and stats go on. */
  holdThreads(hostOrCluster: string): void;
  stopService(binary: string, host: string): void;
  /** A driver is set up anew; capabilities are published at once. */
  startService(binary: string, host: string): void;
  restartService(binary: string, host: string): void;
  /** Without a host: every scheduler. */
  stopScheduler(host?: string): void;
  startScheduler(host?: string): void;
  restartScheduler(host?: string): void;
  /** Another client asks for the pools: the one empty answer after a restart goes to it. */
  askScheduler(host?: string): void;
  /** It takes messages and does not answer them. */
  hangScheduler(host?: string): void;
  resumeScheduler(host?: string): void;
  stopBus(): void;
  startBus(): void;
  stopKeystone(): void;
  startKeystone(): void;
  stopApi(): void;
  hangApi(): void;
  startApi(): void;
  breakDatabase(): void;
  repairDatabase(): void;
  addBackend(definition: BackendDefinition): void;
  /** It is taken out of `enabled_backends`: its row stays, until `removeService`. */
  removeBackend(host: string): void;
  /** `cinder-manage service remove`. */
  removeService(binary: string, host: string): void;
  /** A second row of the same binary and host, as highly available installations have them. */
  duplicateRow(binary: string, host: string, patch: Partial<ServiceRow>): void;
  changePassword(user: string, password: string): void;
  revokeTokens(): void;
  setPolicy(patch: Partial<Policy>): void;
  setCatalog(entries: readonly CatalogEntry[]): void;
}

/** The faults of a cloud. */
export function faults(cloud: Cloud): Faults {
  const { database, processes, schedulers, bus, clock } = cloud;
  const services = (name: string): VolumeService[] => {
    const found = [...processes.volumes.values()].filter(({ host, cluster }) => host === name || cluster === name);
    if (found.length === 0) throw new Error(`no such backend: ${name}`);
    return found;
  };
  const eachScheduler = (host: string | undefined, change: (scheduler: Scheduler) => void): void => {
    const chosen = schedulers.filter((scheduler) => host === undefined || scheduler.host === host);
    if (chosen.length === 0) throw new Error(`no such scheduler: ${host}`);
    for (const scheduler of chosen) change(scheduler);
    bus.wake();
  };
  const setRunning = (binary: string, host: string, running: boolean): void => {
    if (binary === 'cinder-volume') {
      for (const service of services(host)) {
        if (running) processes.start(service);
        else service.running = false;
      }
    } else if (binary === 'cinder-scheduler') {
      eachScheduler(host, running ? startOne : (scheduler) => void (scheduler.state = 'stopped'));
    } else {
      const backup = processes.backups.find(({ row }) => row.binary === binary && row.host === host);
      if (backup === undefined) throw new Error(`no such service: ${binary} ${host}`);
      backup.running = running;
      if (running) database.heartbeat(backup.row, clock.now());
    }
  };
  const startOne = (scheduler: Scheduler): void => {
    scheduler.restart();
    scheduler.state = 'running';
    for (const row of database.find('cinder-scheduler', scheduler.host)) database.heartbeat(row, clock.now());
  };

  return {
    ...cloud.operator,
    setDriver(name, patch) {
      for (const service of services(name)) service.driver = patched(service.driver, patch);
    },
    setPool(name, pool, patch) {
      for (const service of services(name)) service.driver = patchedPool(service.driver, pool, patch);
    },
    poll: () => processes.poll(),
    heartbeat: () => processes.heartbeat(),
    setClockSkew(host, ms) {
      for (const service of services(host)) service.skewMs = ms;
      processes.heartbeat();
    },
    createVolume(host, pool, sizeGb) {
      for (const { allocatedGb } of services(host)) allocatedGb.set(pool, (allocatedGb.get(pool) ?? 0) + sizeGb);
    },
    makeVolume(type, sizeGb, { project = 'demo', from = 'nothing' } = {}) {
      const found = cloud.volumeTypes.find(({ name }) => name === type);
      if (found === undefined) throw new Error(`no such volume type: ${type}`);
      const volume = newVolume({
        project_id: idOf('project', project),
        user_id: idOf('user', 'member'),
        created_at: database.stamp(clock.now()),
        display_name: null,
        display_description: null,
        size: sizeGb,
        volume_type_id: found.id,
        snapshot_id: from === 'snapshot' ? idOf('snapshot', type) : null,
        source_volid: null,
        metadata: {},
        multiattach: found.extraSpecs['multiattach'] === '<is> True',
        availability_zone: null,
        bootable: false,
      });
      database.volumes.set(volume.id, volume);
      const { extraSpecs } = found;
      const requestId = `req-${volume.id}`;
      void cloud.flows.create({
        volume,
        requestId,
        sizeGb,
        extraSpecs,
        zones: [],
        from,
        backend: undefined,
      });
      return volume.id;
    },
    deleteVolume(id) {
      const volume = database.volumes.get(id);
      if (volume !== undefined && ['available', 'error'].includes(volume.status)) void cloud.flows.delete(volume);
    },
    resetSnapshots() {
      for (const snapshot of database.snapshots.values())
        if (snapshot.status === 'error_deleting') cloud.flows.save(snapshot, { status: 'error' });
    },
    useVolume(id, inUse) {
      const volume = database.volumes.get(id);
      if (volume?.status !== (inUse ? 'available' : 'in-use')) return;
      const status = inUse ? 'in-use' : 'available';
      cloud.flows.save(volume, { status, attach_status: inUse ? 'attached' : 'detached' });
    },
    volumeStatus: (id) => database.volumes.get(id)?.status,
    holdThreads(name) {
      for (const { threads } of services(name)) {
        for (let held = 0; held < cloud.settings.rpcThreads; held++)
          void threads.run(() => new Promise<never>(() => undefined));
      }
    },
    stopService: (binary, host) => setRunning(binary, host, false),
    startService: (binary, host) => setRunning(binary, host, true),
    restartService(binary, host) {
      setRunning(binary, host, false);
      setRunning(binary, host, true);
    },
    stopScheduler: (host) => eachScheduler(host, (scheduler) => void (scheduler.state = 'stopped')),
    startScheduler: (host) => eachScheduler(host, startOne),
    restartScheduler: (host) => eachScheduler(host, startOne),
    askScheduler: (host) => eachScheduler(host, (scheduler) => void scheduler.getPools()),
    hangScheduler: (host) => eachScheduler(host, (scheduler) => void (scheduler.state = 'hung')),
    resumeScheduler: (host) =>
      eachScheduler(host, (scheduler) => {
        if (scheduler.state === 'hung') scheduler.state = 'running';
      }),
    stopBus: () => bus.stop(),
    startBus: () => bus.start(),
    stopKeystone: () => void (cloud.keystoneIsUp = false),
    startKeystone: () => void (cloud.keystoneIsUp = true),
    stopApi: () => void (cloud.apiState = 'stopped'),
    hangApi: () => void (cloud.apiState = 'hung'),
    startApi: () => void (cloud.apiState = 'up'),
    breakDatabase: () => void (cloud.databaseIsUp = false),
    repairDatabase: () => void (cloud.databaseIsUp = true),
    addBackend: (definition) => void processes.install(definition),
    removeBackend(host) {
      for (const service of services(host)) {
        service.running = false;
        processes.uninstall(service.host);
      }
    },
    removeService(binary, host) {
      if (!database.remove(binary, host)) throw new Error(`no such service: ${binary} ${host}`);
    },
    duplicateRow(binary, host, patch) {
      const [row] = database.find(binary, host);
      if (row === undefined) throw new Error(`no such service: ${binary} ${host}`);
      const { id: _, modifiedAtMs: __, ...copy } = { ...row, ...patch };
      database.insert(copy);
    },
    changePassword(name, password) {
      const user = cloud.directory.users.find((each) => each.name === name);
      if (user === undefined) throw new Error(`no such user: ${name}`);
      user.password = password;
      cloud.tokens.revoke(user.id);
    },
    revokeTokens: () => cloud.tokens.revoke(),
    setPolicy: (patch) => void (cloud.policy = { ...cloud.policy, ...patch }),
    setCatalog: (entries) => void (cloud.catalog = entries),
  };
}
