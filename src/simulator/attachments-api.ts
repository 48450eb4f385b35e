import {
  ATTACHMENTS,
  atLeast,
  type CinderCall,
  jsonResult,
  projectOnly,
  RESOURCE_FILTER,
  type Result,
} from './cinder-call.ts';
import { Fault, INCAPABLE, NOT_FOUND } from './cinder-fault.ts';
import { isObject, type JsonObject } from './definition.ts';
import { flagOf, matches, pageOf, rowsOfPage } from './listing.ts';
import { MessagingTimeout } from './message-bus.ts';
import { pythonRepr } from './python-literal.ts';
import { invalid, isUuid, requestObject } from './request-body.ts';
import { checkFilters } from './volume-filters.ts';
import { type AttachmentRow, newAttachment, type VolumeRow } from './volume-rows.ts';
import { volumeRow } from './volumes-api.ts';

const COLUMNS: readonly string[] = ['id', 'volume_id', 'attach_status', 'instance_uuid', 'created_at', 'updated_at'];

function since(call: CinderCall): void {
  if (!atLeast(call.version, ATTACHMENTS)) throw new Fault(404, NOT_FOUND);
  if (!call.api.databaseIsUp()) throw new Fault(500, INCAPABLE);
}

function findAttachment({ api, admin, project }: CinderCall, id: string): AttachmentRow {
  const found = api.database.attachments.get(id);
  if (found !== undefined && (admin || found.project_id === project)) return found;
  throw new Fault(404, `Volume attachment could not be found with filter: attachment_id = ${id}.`);
}

/** `GET /v3/attachments` and `/v3/attachments/detail`, from 3.27. */
export function listAttachments(call: CinderCall, detail: boolean): Result {
  since(call);
  const { api, admin, project } = call;
  const parameters = new Map(call.request.query);
  const page = pageOf(parameters, api.settings.maxLimit);
  if (atLeast(call.version, RESOURCE_FILTER)) checkFilters(call, 'attachment', parameters);
  const all = admin && flagOf(parameters, 'all_tenants');
  parameters.delete('all_tenants');
  const found = [...api.database.attachments.values()].filter(
    (row) => (all || row.project_id === project) && matches(row, parameters, COLUMNS),
  );
  const marker = page.marker === undefined ? undefined : findAttachment(call, page.marker);
  const rows = rowsOfPage(found, page, COLUMNS, marker);
  return jsonResult(200, { attachments: rows.map((row) => (detail ? detailOf(row) : summaryOf(row))) });
}

/** `GET /v3/attachments/{id}` */
export function showAttachment(call: CinderCall, id: string): Result {
  since(call);
  return jsonResult(200, { attachment: detailOf(findAttachment(call, id)) });
}

/**
 * `POST /v3/attachments`: reserves the volume; with a connector it asks the driver to export it, and waits. When that fails, the reservation stays.
 * Source: cinder/volume/api.py, attachment_create; cinder/volume/manager.py, attachment_update.
 */
export async function createAttachment(call: CinderCall): Promise<Result> {
  since(call);
  const { api } = call;
  const asked = requestObject(call.request.body, 'attachment');
  const { volume_uuid: volumeId, instance_uuid: instance, connector } = asked;
  if (volumeId === undefined) throw invalid('attachment', asked, "'volume_uuid' is a required property");
  if (typeof volumeId !== 'string' || !isUuid(volumeId))
    throw invalid('volume_uuid', volumeId, `${pythonRepr(volumeId)} is not a 'uuid'`);
  if (instance !== undefined && typeof instance !== 'string') {
    throw invalid('instance_uuid', instance, `${pythonRepr(instance)} is not of type 'string'`);
  }
  const volume = volumeRow(call, volumeId);
  projectOnly(call, 'member', 'volume:attachment_create');
  if (volume.status === 'error') {
    const cannot = 'Volume attachments can not be created if the volume is in an error state.';
    const now = `The Volume ${volume.id} currently has a status of: ${volume.status}`;
    throw new Fault(400, `Invalid volume: ${cannot} ${now} `);
  }
  if (!['available', 'downloading'].includes(volume.status)) {
    const now = `but the current status is ${volume.status}.`;
    throw new Fault(
      400,
      `Invalid volume: Volume ${volume.id} status must be available or downloading to reserve, ${now}`,
    );
  }
  const attachment = newAttachment({
    project_id: volume.project_id,
    created_at: api.database.stamp(api.now()),
    volume_id: volume.id,
    instance_uuid: instance ?? null,
  });
  api.database.attachments.set(attachment.id, attachment);
  api.flows.save(volume, { status: 'reserved' });
  if (isObject(connector) && Object.keys(connector).length > 0) await exported(call, volume, attachment);
  else Object.assign(attachment, { attach_mode: 'null', connection_info: {} });
  const reserved = { ...attachment, attach_status: 'reserved', attach_time: null };
  return jsonResult(200, { attachment: detailOf(reserved) });
}

const NOT_CREATED = 'Unable to create attachment for volume';
const BAD_RESPONSE = 'Bad or unexpected response from the storage volume backend API: ';

async function exported({ api }: CinderCall, volume: VolumeRow, attachment: AttachmentRow): Promise<void> {
  const info: JsonObject = {
    qos_specs: null,
    access_mode: 'rw',
    encrypted: false,
    cacheable: false,
    driver_volume_type: 'iscsi',
    attachment_id: attachment.id,
  };
  const raised = await unlessLate(api.flows.attach(volume), `${NOT_CREATED}.`);
  if (raised !== undefined) {
    // The manager's exception around the driver's. Source: cinder/volume/manager.py, _connection_create.
    const driver = `${BAD_RESPONSE}Driver initialize connection failed (error: ${BAD_RESPONSE}${raised}).`;
    throw new Fault(500, `${NOT_CREATED} (${driver}).`);
  }
  api.flows.save(volume, { status: 'attaching' });
  api.flows.save(attachment, {
    attach_status: 'attaching',
    attach_mode: 'null',
    attach_time: api.database.stamp(api.now()),
    connection_info: info,
  });
}

/** A cinder-volume that does not answer in time is an error like any other. */
async function unlessLate(reply: Promise<string | undefined>, message = INCAPABLE): Promise<string | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof MessagingTimeout) throw new Fault(500, message);
    throw error;
  }
}

/** `DELETE /v3/attachments/{id}`: answers with those that the volume has left. */
export async function deleteAttachment(call: CinderCall, id: string): Promise<Result> {
  since(call);
  const { api } = call;
  const attachment = findAttachment(call, id);
  const volume = api.database.volumes.get(attachment.volume_id);
  // Only what was exported is the driver's affair.
  if (volume !== undefined && attachment.attach_status !== 'reserved') await unlessLate(api.flows.detach(volume));
  api.database.attachments.delete(attachment.id);
  const left = [...api.database.attachments.values()].filter(({ volume_id: of }) => of === attachment.volume_id);
  if (volume !== undefined && left.length === 0) api.flows.save(volume, { status: 'available' });
  return jsonResult(200, { attachments: left.map(summaryOf) });
}

function summaryOf(row: AttachmentRow): JsonObject {
  return { id: row.id, status: row.attach_status, instance: row.instance_uuid, volume_id: row.volume_id };
}

function detailOf(row: AttachmentRow): JsonObject {
  return {
    ...summaryOf(row),
    attached_at: row.attach_time ?? '',
    detached_at: '',
    attach_mode: row.attach_mode,
    connection_info: row.connection_info,
  };
}
