import { atLeast, type CinderCall, jsonResult, projectOnly, type Result, STRICT_CREATE } from './cinder-call.ts';
import { Fault, MALFORMED } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import { type JsonObject, jsonText } from './definition.ts';
import { MOST } from './listing.ts';
import { pythonRepr } from './python-literal.ts';
import { checkVolumeQuota } from './quota.ts';
import {
  invalid,
  isFlag,
  isUuid,
  optionalMetadata,
  optionalName,
  optionalText,
  optionalUuid,
  refuseOthers,
  requestObject,
} from './request-body.ts';
import { findSnapshot } from './snapshots-api.ts';
import { newVolume } from './volume-rows.ts';
import { detailOf, findVolume } from './volumes-api.ts';

const PROPERTIES = [
  'name',
  'description',
  'display_name',
  'display_description',
  'volume_type',
  'metadata',
  'snapshot_id',
  'source_volid',
  'consistencygroup_id',
  'size',
  'availability_zone',
  'multiattach',
  'image_id',
  'imageRef',
  'group_id',
  'backup_id',
];

/** Things of which the simulated cloud has none. */
const NEVER_THERE = { consistencygroup_id: 'Group', group_id: 'Group', backup_id: 'Backup' };

const NO_MULTIATTACH =
  'multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.';

/** `POST /v3/volumes`: the row, and a message to a scheduler. Source: cinder/api/v3/volumes.py, create; cinder/volume/flows/api/create_volume.py. */
export async function createVolume(call: CinderCall): Promise<Result> {
  const { api, request } = call;
  const asked = requestObject(request.body, 'volume', ['OS-SCH-HNT:scheduler_hints']);
  if (atLeast(call.version, STRICT_CREATE)) refuseOthers('volume', asked, PROPERTIES);
  const given = readVolume(asked);
  const multiattach = asked['multiattach'] ?? false;
  if (typeof multiattach !== 'boolean' && !isFlag(multiattach)) {
    throw invalid('multiattach', multiattach, `${pythonRepr(multiattach)} is not valid under any of the given schemas`);
  }
  if (given.type) typeOf(call, given.type);
  const snapshot = given.snapshotId === null ? undefined : findSnapshot(call, given.snapshotId);
  const source = given.sourceId === null ? undefined : findVolume(call, given.sourceId);
  for (const [key, what] of Object.entries(NEVER_THERE)) {
    if (asked[key]) throw new Fault(404, `${what} ${jsonText(asked[key])} could not be found.`);
  }
  if (given.image !== null && !api.images.includes(given.image)) {
    throw new Fault(400, 'Invalid image identifier or unable to access requested image.');
  }
  const origin = snapshot === undefined ? source : api.database.volumes.get(snapshot.volume_id);
  const type = typeOf(call, given.type || (origin?.volume_type_id ?? null));
  if (asked['multiattach']) throw new Fault(400, NO_MULTIATTACH);
  const size = given.size ?? snapshot?.volume_size ?? source?.size;
  if (size === undefined) throw new Fault(400, MALFORMED);
  if (snapshot !== undefined && size < snapshot.volume_size) throw tooSmall(size, 'snapshot', snapshot.volume_size);
  if (source !== undefined && size < source.size) throw tooSmall(size, 'volume', source.size);
  projectOnly(call, 'member', 'volume:create');
  checkVolumeQuota(call, size, type);
  const zones = zonesOf(call, given.zone ?? source?.availability_zone ?? null, type);
  const volume = newVolume({
    project_id: call.project ?? '',
    user_id: call.user,
    created_at: api.database.stamp(api.now()),
    display_name: given.name,
    display_description: given.description,
    size,
    volume_type_id: type.id,
    snapshot_id: snapshot?.id ?? null,
    source_volid: source?.id ?? null,
    metadata: given.metadata,
    multiattach: type.extraSpecs['multiattach'] === '<is> True',
    availability_zone: zones.length === 1 ? (zones[0] ?? null) : null,
    bootable: source?.bootable ?? false,
  });
  api.database.volumes.set(volume.id, volume);
  const accepted = jsonResult(202, { volume: detailOf(call, volume, false) });
  await api.flows.create({
    volume,
    requestId: request.requestId,
    sizeGb: size,
    extraSpecs: type.extraSpecs,
    zones,
    from: snapshot ? 'snapshot' : source ? 'volume' : given.image === null ? 'nothing' : 'image',
    backend: origin === undefined ? undefined : ((origin.cluster_name ?? origin.host)?.split('#')[0] ?? undefined),
  });
  return accepted;
}

interface Given {
  readonly name: string | null;
  readonly description: string | null;
  readonly type: string | null;
  readonly size: number | undefined;
  readonly zone: string | null;
  readonly snapshotId: string | null;
  readonly sourceId: string | null;
  readonly image: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

function readVolume(asked: JsonObject): Given {
  return {
    name: optionalName(asked, 'name') ?? optionalName(asked, 'display_name'),
    description: optionalName(asked, 'description') ?? optionalName(asked, 'display_description'),
    type: optionalText(asked, 'volume_type'),
    size: sizeOf(asked),
    zone: optionalText(asked, 'availability_zone'),
    snapshotId: optionalUuid(asked, 'snapshot_id'),
    sourceId: optionalUuid(asked, 'source_volid'),
    image: optionalText(asked, 'image_id') ?? optionalText(asked, 'imageRef'),
    metadata: optionalMetadata(asked),
  };
}

function sizeOf(asked: JsonObject): number | undefined {
  const value = asked['size'] ?? null;
  if (value === null) return undefined;
  if (typeof value === 'string' && !/^[0-9]+$/.test(value)) {
    throw invalid('size', value, `${pythonRepr(value)} does not match '^[0-9]+$'`);
  }
  if (typeof value !== 'string' && !Number.isInteger(value)) {
    throw invalid('size', value, `${pythonRepr(value)} is not of type 'integer', 'string', 'null'`);
  }
  if (Number(value) < 1) throw invalid('size', value, `${jsonText(value)} is less than the minimum of 1`);
  if (Number(value) > MOST) throw invalid('size', value, `${jsonText(value)} is greater than the maximum of ${MOST}`);
  return Number(value);
}

function tooSmall(size: number, what: 'snapshot' | 'volume', least: number): Fault {
  const original = what === 'snapshot' ? 'the snapshot size ' : 'original volume size  ';
  const message = `Volume size '${size}'GB cannot be smaller than ${original}${least}GB.`;
  return new Fault(400, `Invalid input received: ${message} They must be >= original ${what} size.`);
}

/** By name or id. Without either: the type of the origin, or the default type. A private type is for projects that have access, and for administrators. */
function typeOf({ api, admin, project }: CinderCall, asked: string | null): VolumeTypeRow {
  const wanted = asked || '__DEFAULT__';
  const type = api.volumeTypes.find(({ id, name }) => (isUuid(wanted) ? id : name) === wanted);
  if (type !== undefined && (type.isPublic || admin || type.projects.includes(project ?? ''))) return type;
  throw new Fault(404, `Volume type ${isUuid(wanted) ? '' : 'with name '}${wanted} could not be found.`);
}

/** `storage_availability_zone`, where a volume goes that asks for none. */
const DEFAULT_ZONE = 'nova';

/** The zones that will do, of those that there are. Source: cinder/volume/flows/api/create_volume.py, _extract_availability_zones. */
function zonesOf({ api }: CinderCall, asked: string | null, type: VolumeTypeRow): readonly string[] {
  const enabled = api.database.services.filter(({ binary, disabled }) => binary === 'cinder-volume' && !disabled);
  const known = new Set([DEFAULT_ZONE, ...enabled.map(({ zone }) => zone)]);
  const ofType = type.extraSpecs['RESKEY:availability_zones']?.split(',').map((zone) => zone.trim());
  const safe = ofType?.filter((zone) => known.has(zone)) ?? [...known];
  if (safe.length === 0) {
    throw new Fault(400, `Volume type is only supported in these availability zones: ${pythonRepr(ofType)}`);
  }
  const zone = asked ?? (ofType === undefined ? DEFAULT_ZONE : undefined);
  if (zone === undefined) return safe;
  if (!safe.includes(zone)) throw new Fault(400, `Availability zone '${zone}' is invalid.`);
  return [zone];
}
