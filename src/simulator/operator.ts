import type { Database, ServiceRow } from './database.ts';

/** What an operator does with `openstack volume service set`, `cinder freeze-host`, `cinder failover-host`; `name` is a host or a cluster. */
export interface Operator {
  disable(name: string, reason?: string, binary?: string): void;
  enable(name: string, binary?: string): void;
  freeze(name: string): void;
  thaw(name: string): void;
  failover(name: string, backendId?: string): void;
  failback(name: string): void;
}

/** The operator's commands on a database; a name that it does not hold is an error. */
export function operator(database: Database, now: () => number): Operator {
  const change = (rows: readonly ServiceRow[], name: string, patch: Partial<ServiceRow>): void => {
    if (rows.length === 0) throw new Error(`no such service: ${name}`);
    for (const row of rows) database.modify(row, now(), patch);
  };
  const rowsOf = (name: string, binary: string): ServiceRow[] =>
    binary === 'cinder-volume' ? database.volumeRows(name) : database.find(binary, name);
  const isCluster = (name: string): boolean => database.services.some((row) => row.cluster === name);
  const volumes = (name: string, patch: Partial<ServiceRow>): void => change(database.volumeRows(name), name, patch);
  return {
    disable(name, reason, binary = 'cinder-volume') {
      if (isCluster(name)) database.cluster(name).disabled = true;
      // Without a reason the old text stays.
      change(rowsOf(name, binary), name, {
        disabled: true,
        ...(reason === undefined ? {} : { disabledReason: reason }),
      });
    },
    enable(name, binary = 'cinder-volume') {
      if (isCluster(name)) database.cluster(name).disabled = false;
      change(rowsOf(name, binary), name, { disabled: false });
    },
    freeze(name) {
      if (isCluster(name)) database.cluster(name).frozen = true;
      volumes(name, { disabled: true, disabledReason: 'frozen', frozen: true });
    },
    thaw(name) {
      if (isCluster(name)) database.cluster(name).frozen = false;
      volumes(name, { disabled: false, disabledReason: '', frozen: false });
    },
    failover(name, backendId = 'second-site') {
      if (isCluster(name)) database.cluster(name).disabled = true;
      volumes(name, {
        disabled: true,
        disabledReason: 'failed-over',
        replicationStatus: 'failed-over',
        activeBackendId: backendId,
      });
    },
    failback(name) {
      if (isCluster(name)) database.cluster(name).disabled = false;
      volumes(name, { disabled: false, disabledReason: '', replicationStatus: 'enabled', activeBackendId: '' });
    },
  };
}
