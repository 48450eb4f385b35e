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
export interface ClusterRow {
  readonly name: string;
  disabled: boolean;
  frozen: boolean;
}
