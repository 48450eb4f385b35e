import { randomUUID } from 'node:crypto';
import type { CloudClock } from './clock.ts';
import type { Database } from './database.ts';
import type { CloudSettings, DriverMethod } from './definition.ts';
import { callDriver } from './driver.ts';
import { choosePool, type PlacementRequest } from './placement.ts';
import type { Queues } from './queues.ts';
import type { Scheduler, SchedulerPool } from './scheduler.ts';
import type { SnapshotRow, VolumeRow } from './volume-rows.ts';
import type { VolumeService } from './volume-service.ts';

/** A volume to be made, on its way between the processes. */
interface CreateRequest extends PlacementRequest {
  readonly volume: VolumeRow;
  readonly requestId: string;
  readonly from: 'nothing' | 'image' | 'snapshot' | 'volume';
  /** The backend that has the snapshot: no other will do. */
  readonly backend: string | undefined;
}

/** What happens to a volume after the API has accepted a request. */
export interface VolumeFlows {
  /** Both resolve when the message is on the bus. */
  create(request: CreateRequest): Promise<void>;
  delete(volume: VolumeRow): Promise<void>;
  createSnapshot(volume: VolumeRow, snapshot: SnapshotRow, requestId: string): Promise<void>;
  deleteSnapshot(volume: VolumeRow, snapshot: SnapshotRow, requestId: string): Promise<void>;
  /** Both wait for the driver: what it raised, if it did. */
  attach(volume: VolumeRow): Promise<string | undefined>;
  detach(volume: VolumeRow): Promise<string | undefined>;
  /** What a cinder-volume does at its start with the volumes on which it worked: `VolumeManager._do_cleanup`. */
  recover(service: VolumeService): void;
  /** Saves a change of a row, which moves its `updated_at`. */
  save<R extends { updated_at: string | null }>(row: R, patch: Partial<R>): void;
}

/** Codes of cinder/message/message_field.py: resource, action, detail. */
const NO_BACKEND = ['VOLUME', '001', '003'] as const;
const SNAPSHOT_FAILED = ['VOLUME_SNAPSHOT', '009', '013'] as const;
const SNAPSHOT_NOT_DELETED = ['VOLUME_SNAPSHOT', '010', '016'] as const;
/** Of exceptions of the copying; any other, such as `ImageCopyFailure`, is told to nobody. Source: flows/manager/create_volume.py. */
const IMAGE_FAILURES: Readonly<Record<string, string>> = {
  ImageTooBig: '007',
  ImageSignatureVerificationException: '011',
  ImageConversionNotAllowed: '029',
};
const DRIVER_FAILED_CREATE = ['VOLUME', '008', '012'] as const;

/** `message_ttl`. */
const MESSAGE_LIFE_MS = 30 * 86_400_000;

/** The flows of one cloud. */
export function createVolumeFlows(
  database: Database,
  queues: Queues,
  clock: CloudClock,
  settings: CloudSettings,
): VolumeFlows {
  const now = (): string => database.stamp(clock.now());
  const save: VolumeFlows['save'] = (row, patch) => void Object.assign(row, patch, { updated_at: now() });

  const tell = (codes: readonly [string, string, string], of: VolumeRow | SnapshotRow, requestId: string): void => {
    const [resource, action, detail] = codes;
    const id = randomUUID();
    database.messages.set(id, {
      id,
      project_id: of.project_id,
      created_at: now(),
      updated_at: null,
      event_id: `VOLUME_${codes.join('_')}`,
      action_id: action,
      detail_id: detail,
      message_level: 'ERROR',
      request_id: requestId,
      resource_type: resource,
      resource_uuid: of.id,
      expires_at: database.stamp(clock.now() + MESSAGE_LIFE_MS),
    });
  };

  /** Resolves with what the driver raised; never when it hangs, or when the process ends before it is done. */
  const drive = (
    service: VolumeService,
    method: DriverMethod,
    usualMs = settings.driverMs,
  ): Promise<string | undefined> =>
    new Promise((resolve) => {
      const { starts } = service;
      const call = callDriver(service.driver, method, usualMs);
      if (call === undefined) return;
      if (call.afterMs === 0) return resolve(call.raised);
      clock.after(call.afterMs, () => {
        if (service.running && service.starts === starts) resolve(call.raised);
      });
    });

  const zoneOf = ({ backend }: SchedulerPool): string | undefined => database.volumeRows(backend)[0]?.zone;

  /** Source: cinder/scheduler/filter_scheduler.py, schedule_create_volume. */
  const schedule = (scheduler: Scheduler, request: CreateRequest, attempt: number, failedOn?: string): void => {
    const { volume, requestId } = request;
    if (!database.volumes.has(volume.id)) return;
    if (failedOn !== undefined) scheduler.consume(failedOn, -volume.size);
    // The one answer after its start is empty; a new scheduler waits for the backends before it takes a volume.
    const known = scheduler.getPools();
    const pools = (known.length > 0 ? known : scheduler.getPools()).filter(
      ({ backend }) => request.backend === undefined || backend === request.backend,
    );
    const pool =
      attempt > settings.schedulerMaxAttempts
        ? undefined
        : choosePool(pools, request, zoneOf, (pool) => scheduler.consumedGb(pool));
    if (pool === undefined) {
      tell(NO_BACKEND, volume, requestId);
      return save(volume, { status: 'error' });
    }
    scheduler.consume(pool.name, volume.size);
    const [service] = database.volumeRows(pool.backend);
    const suffix = pool.name.slice(pool.backend.length);
    save(volume, {
      host: `${service?.host ?? pool.backend}${suffix}`,
      cluster_name: service?.cluster ? pool.name : null,
      scheduled_at: now(),
      availability_zone: service?.zone ?? volume.availability_zone,
    });
    void queues.volume(pool.backend).cast((taker) => make(taker, request, attempt));
  };

  /** Source: cinder/volume/manager.py, create_volume, and flows/manager/create_volume.py. */
  const make = async (service: VolumeService, request: CreateRequest, attempt: number): Promise<void> => {
    const { volume, from, requestId } = request;
    if (!database.volumes.has(volume.id)) return;
    const pool = volume.host?.split('#')[1] ?? '';
    const allocate = (gigabytes: number): void =>
      void service.allocatedGb.set(pool, (service.allocatedGb.get(pool) ?? 0) + gigabytes);
    allocate(volume.size);
    // In a cluster the member that takes the message puts its own host in.
    if (service.cluster !== null) save(volume, { host: `${service.host}#${pool}` });
    service.working.add(volume);
    const raised = await drive(service, 'create');
    if (raised === undefined && from === 'image') {
      save(volume, { status: 'downloading' });
      // An image that cannot be copied is not tried elsewhere: the volume keeps its host.
      const failure = await drive(service, 'copy');
      if (failure !== undefined) {
        service.working.delete(volume);
        const detail = IMAGE_FAILURES[failure];
        if (detail !== undefined) tell(['VOLUME', '005', detail], volume, requestId);
        return save(volume, { status: 'error' });
      }
    }
    service.working.delete(volume);
    if (raised === undefined) {
      const bootable = from === 'image' || volume.bootable;
      return save(volume, { status: 'available', launched_at: now(), service_uuid: uuidOf(service), bootable });
    }
    if (from === 'nothing') tell(DRIVER_FAILED_CREATE, volume, requestId);
    allocate(-volume.size);
    const failedOn = volume.cluster_name ?? volume.host ?? undefined;
    save(volume, { host: null, scheduled_at: now() });
    void queues.scheduler.cast((scheduler) => schedule(scheduler, request, attempt + 1, failedOn));
  };

  /** Source: cinder/volume/manager.py, delete_volume. */
  const remove = async (service: VolumeService, volume: VolumeRow): Promise<void> => {
    if (!database.volumes.has(volume.id)) return;
    service.working.add(volume);
    const raised = service.initialised ? await drive(service, 'delete') : 'not initialised';
    service.working.delete(volume);
    if (raised !== undefined) return save(volume, { status: 'error_deleting' });
    database.volumes.delete(volume.id);
    const pool = volume.host?.split('#')[1] ?? '';
    service.allocatedGb.set(pool, Math.max(0, (service.allocatedGb.get(pool) ?? 0) - volume.size));
  };

  return {
    save,
    create: (request) => queues.scheduler.cast((scheduler) => schedule(scheduler, request, 1)),
    async delete(volume) {
      if (volume.host === null) return void database.volumes.delete(volume.id);
      save(volume, { status: 'deleting', terminated_at: now() });
      await queues.volume(queueOf(volume)).cast((service) => remove(service, volume));
    },
    createSnapshot: (volume, snapshot, requestId) =>
      queues.scheduler.cast(() =>
        queues.volume(queueOf(volume)).cast(async (service) => {
          const raised = await drive(service, 'snapshot');
          if (raised === undefined) return save(snapshot, { status: 'available', progress: '100%' });
          save(snapshot, { status: 'error' });
          tell(SNAPSHOT_FAILED, snapshot, requestId);
        }),
      ),
    deleteSnapshot(volume, snapshot, requestId) {
      save(snapshot, { status: 'deleting' });
      return queues.volume(queueOf(volume)).cast(async (service) => {
        const raised = await drive(service, 'delete_snapshot');
        if (raised === undefined) return void database.snapshots.delete(snapshot.id);
        save(snapshot, { status: 'error_deleting' });
        tell(SNAPSHOT_NOT_DELETED, snapshot, requestId);
      });
    },
    attach: (volume) => queues.volume(queueOf(volume)).call((service) => drive(service, 'attach', 0)),
    detach: (volume) => queues.volume(queueOf(volume)).call((service) => drive(service, 'detach', 0)),
    recover(service) {
      const unfinished = [...service.working];
      service.working.clear();
      for (const volume of unfinished) {
        if (volume.status === 'deleting') void service.threads.run(() => remove(service, volume));
        else if (['creating', 'downloading'].includes(volume.status)) save(volume, { status: 'error' });
      }
    },
  };
}

/** The queue of whoever has the volume: `service_topic_queue`. */
function queueOf(volume: VolumeRow): string {
  return (volume.cluster_name ?? volume.host ?? '').split('#')[0] ?? '';
}

function uuidOf({ row }: VolumeService): string {
  return `00000000-0000-4000-8000-${row.id.toString(16).padStart(12, '0')}`;
}
