import type { VolumeTypeDefinition } from './definition.ts';
import { naiveTimestamp } from './clock.ts';
import { idOf } from './keystone-identity.ts';
import type { VolumeTables } from './volume-rows.ts';

/** A row of the `services` table, as the database holds it. */
export interface ServiceRow {
  readonly id: number;
  readonly binary: string;
  readonly host: string;
  readonly zone: string;
  readonly cluster: string | null;
  disabled: boolean;
  /** Kept when the service is enabled again. */
  disabledReason: string | null;
  /** The last heartbeat. */
  updatedAtMs: number;
  /** The last change by an operator; `os-services` shows the later of the two. */
  modifiedAtMs: number | undefined;
  frozen: boolean;
  replicationStatus: string;
  activeBackendId: string | null;
}

/** A row of the `clusters` table: the scheduler looks here, not at the service, when a service is in a cluster. */
interface ClusterRow {
  readonly name: string;
  disabled: boolean;
  frozen: boolean;
}

/** A volume type of the database. */
export interface VolumeTypeRow {
  readonly id: string;
  name: string;
  description: string | null;
  isPublic: boolean;
  /** Ids of the projects that may use it when it is not public. */
  projects: readonly string[];
  extraSpecs: Readonly<Record<string, string | null>>;
}

/** The types of a cloud, newest first as Cinder lists them; `__DEFAULT__` is in every cloud and the oldest. */
export function volumeTypes(definitions: readonly VolumeTypeDefinition[]): VolumeTypeRow[] {
  const all = [{ name: '__DEFAULT__', description: 'Default Volume Type', extraSpecs: {} }, ...definitions];
  return all
    .map(({ name, description, extraSpecs, ...rest }: VolumeTypeDefinition) => ({
      id: uuidOf(name),
      name,
      description: description ?? null,
      isPublic: rest.isPublic ?? true,
      projects: (rest.projects ?? []).map((project) => idOf('project', project)),
      extraSpecs,
    }))
    .reverse();
}

function uuidOf(name: string): string {
  return idOf('volume_type', name).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

/** Cinder's database: the rows of each table in the order in which they were created. */
export interface Database extends VolumeTables {
  readonly services: readonly ServiceRow[];
  /** Grows with every change of a row, heartbeats included. */
  readonly version: number;
  /** That time as a row has it; each has microseconds of its own. */
  stamp(ms: number): string;
  insert(row: Omit<ServiceRow, 'id' | 'modifiedAtMs'>): ServiceRow;
  remove(binary: string, host: string): boolean;
  heartbeat(row: ServiceRow, ms: number): void;
  /** A change by an operator or by the volume manager: anything but a heartbeat. */
  modify(row: ServiceRow, ms: number, patch: Partial<ServiceRow>): void;
  cluster(name: string): ClusterRow;
  find(binary: string, host: string): ServiceRow[];
  /** Rows of cinder-volume of that host, or of that cluster. */
  volumeRows(hostOrCluster: string): ServiceRow[];
  /** Is it out of the scheduler's view? A clustered service follows its cluster's row, whatever its own says. */
  hidden(row: ServiceRow): boolean;
}

/** An empty database. */
export function openDatabase(): Database {
  let services: ServiceRow[] = [];
  let lastId = 0;
  let version = 0;
  let stamps = 0;
  const clusters = new Map<string, ClusterRow>();
  const cluster = (name: string): ClusterRow => {
    const known = clusters.get(name) ?? { name, disabled: false, frozen: false };
    clusters.set(name, known);
    return known;
  };
  return {
    get services() {
      return services;
    },
    get version() {
      return version;
    },
    volumes: new Map(),
    snapshots: new Map(),
    messages: new Map(),
    attachments: new Map(),
    quotas: new Map(),
    stamp: (ms) => naiveTimestamp(ms, stamps++ % 1000),
    insert(row) {
      const added: ServiceRow = { id: ++lastId, modifiedAtMs: undefined, ...row };
      services.push(added);
      if (added.cluster !== null) cluster(added.cluster);
      version++;
      return added;
    },
    remove(binary, host) {
      const kept = services.filter((row) => row.binary !== binary || row.host !== host);
      const removed = kept.length < services.length;
      services = kept;
      version++;
      return removed;
    },
    heartbeat(row, ms) {
      row.updatedAtMs = ms;
      version++;
    },
    modify(row, ms, patch) {
      Object.assign(row, patch, { modifiedAtMs: ms });
      version++;
    },
    cluster(name) {
      version++;
      return cluster(name);
    },
    find: (binary, host) => services.filter((row) => row.binary === binary && row.host === host),
    volumeRows: (name) =>
      services.filter((row) => row.binary === 'cinder-volume' && (row.host === name || row.cluster === name)),
    hidden(row) {
      const decides = row.cluster === null ? row : clusters.get(row.cluster);
      return decides !== undefined && (decides.disabled || decides.frozen);
    },
  };
}
