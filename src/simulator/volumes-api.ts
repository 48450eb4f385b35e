import {
  adminOnly,
  ACCEPTED,
  ACCEPTED_PAGE,
  atLeast,
  type CinderCall,
  FORCE_DELETE,
  GROUP,
  hasProjectRole,
  jsonResult,
  projectOnly,
  PROVIDER_ID,
  type Result,
  SHARED_TARGETS,
  STRICT_CREATE,
  SUMMARY,
  SUMMARY_METADATA,
  TYPE_ID,
  USE_QUOTA,
  VOLUME_CLUSTER,
} from './cinder-call.ts';
import { Fault, INCAPABLE, NOT_FOUND } from './cinder-fault.ts';
import { isObject, type JsonObject, type JsonValue } from './definition.ts';
import { flagOf, linksOf, nextLink, pageOf, rowsOfPage, takeCount } from './listing.ts';
import { pythonRepr } from './python-literal.ts';
import {
  actionOf,
  invalid,
  noSuchAction,
  optionalMetadata,
  optionalName,
  refuseOthers,
  requestObject,
} from './request-body.ts';
import { VOLUME_COLUMNS, volumeFilter } from './volume-filters.ts';
import type { VolumeRow } from './volume-rows.ts';

/** The row of that id, for what asks of the user's roles itself. */
export function volumeRow(call: CinderCall, id: string): VolumeRow {
  if (!call.api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const volume = call.api.database.volumes.get(id);
  if (volume !== undefined && (call.admin || volume.project_id === call.project)) return volume;
  throw noVolume(id);
}

function noVolume(id: string): Fault {
  return new Fault(404, `Volume ${id} could not be found.`);
}

/** The volume with this id, if the caller may see it. A member sees the volumes of the own project. */
export function findVolume(call: CinderCall, id: string): VolumeRow {
  const volume = volumeRow(call, id);
  if (hasProjectRole(call, 'reader')) return volume;
  throw noVolume(id);
}

/** `GET /v3/volumes` and `/v3/volumes/detail`. */
export function listVolumes(call: CinderCall, detail: boolean): Result {
  const { api, request } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const parameters = new Map(request.query);
  const page = pageOf(parameters, api.settings.maxLimit);
  projectOnly(call, 'reader', 'volume:get_all');
  const shown = takeCount(call, parameters);
  const found = [...api.database.volumes.values()].filter(volumeFilter(call, parameters));
  const marker = page.marker === undefined ? undefined : findVolume(call, page.marker);
  const rows = rowsOfPage(found, page, VOLUME_COLUMNS, marker);
  const count = shown ? found.length : undefined;
  return jsonResult(200, {
    volumes: rows.map((row) => (detail ? detailOf(call, row, true) : summaryOf(call, row))),
    ...nextLink(call, 'volumes', rows, page, detail ? 'volumes/detail' : 'volumes', count),
    ...(count === undefined ? {} : { count }),
  });
}

/** `GET /v3/volumes/summary`, which heeds no filter but `all_tenants`. */
export function summarizeVolumes(call: CinderCall): Result {
  const { api, version, request, admin, project } = call;
  if (!atLeast(version, SUMMARY)) throw new Fault(404, NOT_FOUND);
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  projectOnly(call, 'reader', 'volume:get_all');
  const all = flagOf(new Map(request.query), 'all_tenants') && admin;
  const rows = [...api.database.volumes.values()].filter((row) => all || row.project_id === project);
  const metadata: Record<string, string[]> = {};
  for (const [key, value] of rows.flatMap((row) => Object.entries(row.metadata))) {
    metadata[key] = [...new Set([...(metadata[key] ?? []), value])];
  }
  return jsonResult(200, {
    'volume-summary': {
      total_count: rows.length,
      total_size: rows.reduce((sum, { size }) => sum + size, 0),
      ...(atLeast(version, SUMMARY_METADATA) ? { metadata } : {}),
    },
  });
}

/** `GET /v3/volumes/{id}` */
export function showVolume(call: CinderCall, id: string): Result {
  return jsonResult(200, { volume: detailOf(call, findVolume(call, id), true) });
}

function summaryOf(call: CinderCall, { id, display_name: name }: VolumeRow): Record<string, JsonValue> {
  return { id, name, links: linksOf(call, 'volumes', id) };
}

/** Source: cinder/api/v2/views/volumes.py, cinder/api/v3/views/volumes.py. `extended`: what extensions add to every answer but the one to a creation. */
export function detailOf(call: CinderCall, volume: VolumeRow, extended: boolean): Record<string, JsonValue> {
  const { api, version, admin, roles } = call;
  const type = api.volumeTypes.find(({ id }) => id === volume.volume_type_id);
  return {
    id: volume.id,
    status: volume.status,
    size: volume.size,
    availability_zone: volume.availability_zone,
    created_at: volume.created_at,
    updated_at: volume.updated_at,
    name: volume.display_name,
    description: volume.display_description,
    volume_type: type?.name ?? volume.volume_type_id,
    snapshot_id: volume.snapshot_id,
    source_volid: volume.source_volid,
    metadata: volume.metadata,
    links: linksOf(call, 'volumes', volume.id),
    user_id: volume.user_id,
    bootable: String(volume.bootable),
    encrypted: false,
    replication_status: volume.replication_status,
    consistencygroup_id: null,
    multiattach: volume.multiattach,
    attachments: [],
    ...(admin ? { migration_status: volume.migration_status } : {}),
    ...(atLeast(version, GROUP) ? { group_id: volume.group_id } : {}),
    ...(admin && atLeast(version, PROVIDER_ID) ? { provider_id: volume.provider_id } : {}),
    ...(atLeast(version, SHARED_TARGETS) ? { shared_targets: true, service_uuid: volume.service_uuid } : {}),
    ...(admin && atLeast(version, VOLUME_CLUSTER) ? { cluster_name: volume.cluster_name } : {}),
    ...(atLeast(version, TYPE_ID) ? { volume_type_id: volume.volume_type_id } : {}),
    ...(atLeast(version, USE_QUOTA) ? { consumes_quota: volume.use_quota } : {}),
    ...(extended ? { 'os-vol-tenant-attr:tenant_id': volume.project_id } : {}),
    ...(extended && roles.includes('admin')
      ? {
          'os-vol-mig-status-attr:migstat': volume.migration_status,
          'os-vol-mig-status-attr:name_id': null,
          'os-vol-host-attr:host': volume.host,
        }
      : {}),
  };
}

const CHANGEABLE = ['name', 'description', 'display_name', 'display_description', 'metadata'];

/** `PUT /v3/volumes/{id}`: names and metadata. Source: cinder/api/v3/volumes.py, update. */
export function updateVolume(call: CinderCall, id: string): Result {
  const asked = requestObject(call.request.body, 'volume');
  const names = namesOf(asked);
  const metadata = 'metadata' in asked ? optionalMetadata(asked) : undefined;
  refuseOthers('volume', asked, CHANGEABLE);
  if (Object.keys(asked).length === 0 && atLeast(call.version, STRICT_CREATE)) {
    throw invalid('volume', asked, '{} is not valid under any of the given schemas');
  }
  const volume = findVolume(call, id);
  projectOnly(call, 'member', 'volume:update');
  call.api.flows.save(volume, { ...names, ...(metadata === undefined ? {} : { metadata }) });
  return jsonResult(200, { volume: detailOf(call, volume, false) });
}

interface Names {
  display_name?: string | null;
  display_description?: string | null;
}

/** What a body wants the name and the description to be; what it does not name stays. */
export function namesOf(asked: JsonObject): Names {
  const given: Names = {};
  for (const key of ['display_name', 'name']) if (key in asked) given.display_name = optionalName(asked, key);
  for (const key of ['display_description', 'description']) {
    if (key in asked) given.display_description = optionalName(asked, key);
  }
  return given;
}

const DELETABLE = ['available', 'error', 'error_restoring', 'error_extending', 'error_managing'];
const NOT_DELETABLE =
  'must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.';

/** `DELETE /v3/volumes/{id}`. Without a host the volume is gone at once; with one it is `deleting`. Source: cinder/volume/api.py, delete. */
export async function deleteVolume(call: CinderCall, id: string): Promise<Result> {
  const { request, version } = call;
  const parameters = new Map(request.query);
  flagOf(parameters, 'cascade');
  const force = atLeast(version, FORCE_DELETE) && flagOf(parameters, 'force');
  const volume = findVolume(call, id);
  if (force) adminOnly(call, 'volume:force_delete');
  else projectOnly(call, 'member', 'volume:delete');
  await startDeletion(call, volume, force);
  return ACCEPTED_PAGE;
}

async function startDeletion({ api }: CinderCall, volume: VolumeRow, force: boolean): Promise<void> {
  if (volume.host !== null) {
    const backend = (volume.cluster_name ?? volume.host).split('#')[0] ?? '';
    if (api.database.volumeRows(backend).some(({ frozen }) => frozen)) {
      throw new Fault(
        400,
        'Invalid input received: Modification operations are not allowed on frozen storage backends.',
      );
    }
    const hasSnapshots = [...api.database.snapshots.values()].some(({ volume_id: of }) => of === volume.id);
    if (hasSnapshots || volume.attach_status === 'attached' || !(force || DELETABLE.includes(volume.status))) {
      const statuses = force ? '' : `status must be ${DELETABLE.join(' or ')} and`;
      throw new Fault(400, `Invalid volume: Volume ${statuses} ${NOT_DELETABLE}`);
    }
  }
  await api.flows.delete(volume);
}

/** Source: cinder/api/contrib/admin_actions.py. */
const STATUSES = [
  'creating',
  'available',
  'deleting',
  'error',
  'error_deleting',
  'error_managing',
  'managing',
  'attaching',
  'in-use',
  'detaching',
  'maintenance',
  'restoring-backup',
  'error_restoring',
  'reserved',
  'awaiting-transfer',
  'backing-up',
  'error_backing-up',
  'error_extending',
  'downloading',
  'uploading',
  'retyping',
  'extending',
];

/** What Nova asks before and after it attaches. Source: cinder/volume/api.py, reserve_volume and what follows. */
function moveForNova({ api }: CinderCall, volume: VolumeRow, action: string): void {
  const { status } = volume;
  if (action === 'os-reserve' && status !== 'available') {
    throw new Fault(400, `Invalid volume: Volume status must be available to reserve, but the status is ${status}.`);
  }
  if (action === 'os-begin_detaching' && (status !== 'in-use' || volume.attach_status !== 'attached')) {
    throw new Fault(
      400,
      "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.",
    );
  }
  // What has no attachment is free again, whatever it was.
  if (action === 'os-detach') return api.flows.save(volume, { status: 'available', attach_status: 'detached' });
  const [from, to] = MOVES[action] ?? [];
  if (to !== undefined && status === from) api.flows.save(volume, { status: to });
}

const MOVES: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'os-reserve': ['available', 'attaching'],
  'os-unreserve': ['attaching', 'available'],
  'os-begin_detaching': ['in-use', 'detaching'],
  'os-roll_detaching': ['detaching', 'in-use'],
};

const NOVA = ['os-detach', ...Object.keys(MOVES)];
const ACTIONS = ['os-reset_status', 'os-force_delete', ...NOVA];

/** Actions that nobody asks of the simulated cloud, by what their body must have. */
const OTHER_ACTIONS: Readonly<Record<string, string>> = {
  'os-attach': 'mountpoint',
  'os-extend': 'new_size',
  'os-initialize_connection': 'connector',
  'os-migrate_volume': '',
  'os-retype': 'new_type',
  'os-set_bootable': 'bootable',
  'os-terminate_connection': 'connector',
  'os-unmanage': '',
  'os-update_readonly_flag': 'readonly',
  'os-volume_upload_image': 'image_name',
  revert: '',
};

/** A status that a volume may be given. */
function statusOf(status: JsonValue): string {
  if (typeof status !== 'string') {
    throw invalid('status', status, `${pythonRepr(status)} is not of type 'string', 'null'`);
  }
  if (status === '') {
    throw new Fault(400, "Must specify 'status', 'attach_status' or 'migration_status' for update.");
  }
  if (STATUSES.includes(status)) return status;
  const known = `(${STATUSES.map((each) => `'${each}'`).join(', ')})`;
  throw new Fault(400, `Volume status: ${status} is invalid, valid statuses are: ${known}.`);
}

/** `POST /v3/volumes/{id}/action`: `os-reset_status` and `os-force_delete` of administrators, and what Nova asks. */
export async function actOnVolume(call: CinderCall, id: string): Promise<Result> {
  const { action, body } = actionOf(call.request.body, [...ACTIONS, ...Object.keys(OTHER_ACTIONS)]);
  const needed = OTHER_ACTIONS[action];
  const asked = body[action];
  if (needed && isObject(asked) && !(needed in asked))
    throw invalid(action, asked, `'${needed}' is a required property`);
  const given = isObject(asked) ? (asked['status'] ?? '') : '';
  const status = action === 'os-reset_status' ? statusOf(given) : '';
  const volume = action === 'os-reset_status' ? volumeRow(call, id) : findVolume(call, id);
  if (needed !== undefined) throw noSuchAction(action);
  if (NOVA.includes(action)) {
    projectOnly(call, 'member', `volume_extension:volume_actions:${action.slice('os-'.length)}`);
    moveForNova(call, volume, action);
    return ACCEPTED;
  }
  const rule = action.slice('os-'.length);
  if (!call.roles.includes('admin')) {
    throw new Fault(403, `Policy doesn't allow volume_extension:volume_admin_actions:${rule} to be performed.`);
  }
  if (action === 'os-force_delete') {
    await startDeletion(call, volume, true);
    return ACCEPTED;
  }
  call.api.flows.save(volume, { status });
  return ACCEPTED;
}
