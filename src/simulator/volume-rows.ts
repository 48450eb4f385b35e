import { randomUUID } from 'node:crypto';
import type { JsonObject } from './definition.ts';

/** Times in rows are texts as the API shows them, in UTC with microseconds: they sort and compare as they are. */
interface Row {
  readonly id: string;
  readonly project_id: string;
  readonly created_at: string;
  /** null until the row is saved again. */
  updated_at: string | null;
}

/** A row of the `volumes` table. The names of columns are Cinder's: a list is filtered and sorted by them. */
export interface VolumeRow extends Row {
  readonly user_id: string;
  display_name: string | null;
  display_description: string | null;
  readonly size: number;
  readonly volume_type_id: string;
  readonly snapshot_id: string | null;
  readonly source_volid: string | null;
  metadata: Readonly<Record<string, string>>;
  readonly multiattach: boolean;
  status: string;
  availability_zone: string | null;
  /** `host@backend#pool`; null until the scheduler chose one, and again when it must choose anew. */
  host: string | null;
  cluster_name: string | null;
  bootable: boolean;
  attach_status: string;
  replication_status: string | null;
  migration_status: string | null;
  service_uuid: string | null;
  use_quota: boolean;
  scheduled_at: string | null;
  launched_at: string | null;
  terminated_at: string | null;
  group_id: string | null;
  consistencygroup_id: string | null;
  encryption_key_id: string | null;
  provider_id: string | null;
}

/** A row of the `snapshots` table. */
export interface SnapshotRow extends Row {
  readonly user_id: string;
  readonly volume_id: string;
  readonly volume_size: number;
  display_name: string | null;
  display_description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  status: string;
  progress: string | null;
}

/** A row of the `volume_attachment` table. */
export interface AttachmentRow extends Row {
  readonly volume_id: string;
  readonly instance_uuid: string | null;
  attach_status: string;
  attach_mode: string | null;
  attach_time: string | null;
  connection_info: JsonObject | null;
}

/** A row of the `messages` table: what a user is told about a request that failed after it was accepted. */
export interface MessageRow extends Row {
  readonly event_id: string;
  readonly action_id: string;
  readonly detail_id: string;
  readonly message_level: string;
  readonly request_id: string;
  readonly resource_type: string;
  readonly resource_uuid: string;
  readonly expires_at: string;
}

/** Volumes and what belongs to them, by id in the order in which they were made. */
export interface VolumeTables {
  readonly volumes: Map<string, VolumeRow>;
  readonly snapshots: Map<string, SnapshotRow>;
  readonly messages: Map<string, MessageRow>;
  readonly attachments: Map<string, AttachmentRow>;
  /** Limits other than Cinder's own, by project. */
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
}

type Given = Pick<
  VolumeRow,
  | 'project_id'
  | 'user_id'
  | 'created_at'
  | 'display_name'
  | 'display_description'
  | 'size'
  | 'volume_type_id'
  | 'snapshot_id'
  | 'source_volid'
  | 'metadata'
  | 'multiattach'
  | 'availability_zone'
  | 'bootable'
>;

/** A volume as `EntryCreateTask` writes it: `creating`, on no host yet. */
export function newVolume(given: Given): VolumeRow {
  return {
    ...given,
    id: randomUUID(),
    updated_at: null,
    status: 'creating',
    host: null,
    cluster_name: null,
    attach_status: 'detached',
    replication_status: null,
    migration_status: null,
    service_uuid: null,
    use_quota: true,
    scheduled_at: null,
    launched_at: null,
    terminated_at: null,
    group_id: null,
    consistencygroup_id: null,
    encryption_key_id: null,
    provider_id: null,
  };
}

/** A snapshot that is `creating`. */
export function newSnapshot(given: Omit<SnapshotRow, 'id' | 'updated_at' | 'status' | 'progress'>): SnapshotRow {
  return { ...given, id: randomUUID(), updated_at: null, status: 'creating', progress: '0%' };
}

/** An attachment that is `reserved`. */
export function newAttachment(
  given: Pick<AttachmentRow, 'project_id' | 'created_at' | 'volume_id' | 'instance_uuid'>,
): AttachmentRow {
  return {
    ...given,
    id: randomUUID(),
    updated_at: null,
    attach_status: 'reserved',
    attach_mode: null,
    attach_time: null,
    connection_info: null,
  };
}
