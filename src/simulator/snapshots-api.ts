import {
  ACCEPTED_PAGE,
  atLeast,
  type CinderCall,
  GROUP_SNAPSHOTS,
  jsonResult,
  projectOnly,
  RESOURCE_FILTER,
  type Result,
  SNAPSHOT_USER,
  USE_QUOTA,
} from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import type { JsonValue } from './definition.ts';
import { flagOf, matches, nextLink, pageOf, rowsOfPage, takeCount } from './listing.ts';
import { pythonRepr } from './python-literal.ts';
import { checkSnapshotQuota } from './quota.ts';
import { invalid, isUuid, optionalMetadata, optionalName, refuseOthers, requestObject } from './request-body.ts';
import { checkFilters, dropFilters, hostTest } from './volume-filters.ts';
import { newSnapshot, type SnapshotRow } from './volume-rows.ts';
import { findVolume, namesOf } from './volumes-api.ts';

const COLUMNS: readonly string[] = [
  'id',
  'project_id',
  'user_id',
  'volume_id',
  'volume_size',
  'display_name',
  'display_description',
  'status',
  'progress',
  'created_at',
  'updated_at',
];

/** The snapshot of that id that the caller may see. */
export function findSnapshot(call: CinderCall, id: string): SnapshotRow {
  const { api, admin, project } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const snapshot = api.database.snapshots.get(id);
  if (snapshot !== undefined && (admin || snapshot.project_id === project)) {
    projectOnly(call, 'reader', 'volume:get_snapshot');
    return snapshot;
  }
  throw new Fault(404, `Snapshot ${id} could not be found.`);
}

/** `GET /v3/snapshots` and `/v3/snapshots/detail`. Source: cinder/api/v3/snapshots.py. */
export function listSnapshots(call: CinderCall, detail: boolean): Result {
  const { api, version, request, admin, project } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const parameters = new Map(request.query);
  const page = pageOf(parameters, api.settings.maxLimit);
  projectOnly(call, 'reader', 'volume:get_all_snapshots');
  const shown = takeCount(call, parameters);
  (atLeast(version, RESOURCE_FILTER) ? checkFilters : dropFilters)(call, 'snapshot', parameters);
  const all = admin && flagOf(parameters, 'all_tenants');
  parameters.delete('all_tenants');
  const name = parameters.get('name');
  parameters.delete('name');
  // An administrator may ask for the host of the volumes. Source: cinder/db/sqlalchemy/api.py, _process_snaps_filters.
  const host = parameters.get('host');
  parameters.delete('host');
  const isOn = host === undefined ? () => true : hostTest('host', host);
  const onHost = ({ volume_id: id }: SnapshotRow): boolean => {
    const volume = api.database.volumes.get(id);
    return host === undefined || (volume !== undefined && isOn(volume));
  };
  const found = [...api.database.snapshots.values()].filter(
    (row) =>
      (all || row.project_id === project) &&
      (name === undefined || row.display_name === name) &&
      onHost(row) &&
      matches(row, parameters, COLUMNS),
  );
  const marker = page.marker === undefined ? undefined : findSnapshot(call, page.marker);
  const rows = rowsOfPage(found, page, COLUMNS, marker);
  const count = shown ? found.length : undefined;
  return jsonResult(200, {
    snapshots: rows.map((row) => (detail ? detailOf(call, row) : summaryOf(row))),
    ...nextLink(call, 'snapshots', rows, page, detail ? 'snapshots/detail' : 'snapshots', count),
    ...(count === undefined ? {} : { count }),
  });
}

/** `GET /v3/snapshots/{id}` */
export function showSnapshot(call: CinderCall, id: string): Result {
  return jsonResult(200, { snapshot: detailOf(call, findSnapshot(call, id)) });
}

const CHANGEABLE = ['name', 'description', 'display_name', 'display_description'];

/** `PUT /v3/snapshots/{id}` */
export function updateSnapshot(call: CinderCall, id: string): Result {
  const asked = requestObject(call.request.body, 'snapshot');
  const names = namesOf(asked);
  refuseOthers('snapshot', asked, CHANGEABLE);
  if (Object.keys(asked).length === 0) {
    throw invalid('snapshot', asked, '{} is not valid under any of the given schemas');
  }
  const snapshot = findSnapshot(call, id);
  projectOnly(call, 'member', 'volume:update_snapshot');
  call.api.flows.save<SnapshotRow>(snapshot, names);
  return jsonResult(200, { snapshot: changedOf(call, snapshot) });
}

/** `POST /v3/snapshots` */
export async function createSnapshot(call: CinderCall): Promise<Result> {
  const { api, request } = call;
  const asked = requestObject(request.body, 'snapshot');
  if (!('volume_id' in asked)) throw invalid('snapshot', asked, "'volume_id' is a required property");
  const volumeId = asked['volume_id'];
  if (volumeId === null) throw new Fault(404, 'Volume None could not be found.');
  if (typeof volumeId !== 'string' || !isUuid(volumeId)) {
    throw invalid('volume_id', volumeId, `${pythonRepr(volumeId)} is not valid under any of the given schemas`);
  }
  const name = optionalName(asked, 'name') ?? optionalName(asked, 'display_name');
  const description = optionalName(asked, 'description') ?? optionalName(asked, 'display_description');
  const metadata = optionalMetadata(asked);
  refuseOthers('snapshot', asked, [...CHANGEABLE, 'volume_id', 'metadata', 'force']);
  const volume = findVolume(call, volumeId);
  projectOnly(call, 'member', 'volume:create_snapshot');
  if (volume.status === 'error') {
    throw new Fault(400, 'Invalid volume: The snapshot cannot be created when the volume is in error status.');
  }
  const states = asked['force'] === true ? ['available', 'in-use'] : ['available'];
  if (!states.includes(volume.status)) {
    const now = `but current status is: ${volume.status}.`;
    throw new Fault(400, `Invalid volume: Volume ${volume.id} status must be ${states.join(', ')}, ${now}`);
  }
  checkSnapshotQuota(call, volume);
  const snapshot = newSnapshot({
    project_id: volume.project_id,
    user_id: call.user,
    created_at: api.database.stamp(api.now()),
    volume_id: volume.id,
    volume_size: volume.size,
    display_name: name,
    display_description: description,
    metadata,
  });
  api.database.snapshots.set(snapshot.id, snapshot);
  const accepted = jsonResult(202, { snapshot: changedOf(call, snapshot) });
  await api.flows.createSnapshot(volume, snapshot, request.requestId);
  return accepted;
}

/** `DELETE /v3/snapshots/{id}` */
export async function deleteSnapshot(call: CinderCall, id: string): Promise<Result> {
  const { api } = call;
  const snapshot = findSnapshot(call, id);
  projectOnly(call, 'member', 'volume:delete_snapshot');
  if (!['available', 'error'].includes(snapshot.status)) {
    throw new Fault(
      400,
      'Invalid snapshot: Snapshot status must be available or error and must not be part of a group.',
    );
  }
  const volume = api.database.volumes.get(snapshot.volume_id);
  if (volume !== undefined) await api.flows.deleteSnapshot(volume, snapshot, call.request.requestId);
  return ACCEPTED_PAGE;
}

function summaryOf(row: SnapshotRow): Record<string, JsonValue> {
  return {
    id: row.id,
    created_at: row.created_at,
    updated_at: row.updated_at,
    name: row.display_name,
    description: row.display_description,
    volume_id: row.volume_id,
    status: row.status,
    size: row.volume_size,
    metadata: row.metadata,
  };
}

/** What the answer to a change has. */
function changedOf({ version }: CinderCall, row: SnapshotRow): Record<string, JsonValue> {
  return {
    ...summaryOf(row),
    ...(atLeast(version, GROUP_SNAPSHOTS) ? { group_snapshot_id: null } : {}),
    ...(atLeast(version, SNAPSHOT_USER) ? { user_id: row.user_id } : {}),
    ...(atLeast(version, USE_QUOTA) ? { consumes_quota: true } : {}),
  };
}

function detailOf(call: CinderCall, row: SnapshotRow): Record<string, JsonValue> {
  return {
    ...changedOf(call, row),
    'os-extended-snapshot-attributes:project_id': row.project_id,
    'os-extended-snapshot-attributes:progress': row.progress,
  };
}
