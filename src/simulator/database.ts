import type { ClusterRow, ServiceRow } from './service-row.ts';

/** Cinder's database: the rows of services and clusters, in the order in which they were created. */
export interface Database {
  readonly services: readonly ServiceRow[];
  /** Grows with every change of a row, heartbeats included. */
  readonly version: number;
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
