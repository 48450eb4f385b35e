import { adminOnly, type CinderCall, forbidden, hasProjectRole, jsonResult, type Result } from './cinder-call.ts';
import { Fault, MALFORMED } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import type { JsonValue } from './definition.ts';
import { MOST } from './listing.ts';
import { invalid, requestObject } from './request-body.ts';
import type { VolumeRow } from './volume-rows.ts';

/** Cinder's own limits of a project; -1 is none. Each type has three more, without a limit. */
const DEFAULTS: Readonly<Record<string, number>> = {
  volumes: 10,
  per_volume_gigabytes: -1,
  snapshots: 10,
  gigabytes: 1000,
  backups: 10,
  backup_gigabytes: 1000,
};

function limitsOf(call: CinderCall, project: string): Record<string, number> {
  return { ...defaultLimits(call), ...call.api.database.quotas.get(project) };
}

function defaultLimits({ api }: CinderCall): Record<string, number> {
  const ofTypes = api.volumeTypes
    .toReversed()
    .flatMap(({ name }) => ['volumes', 'gigabytes', 'snapshots'].map((each) => [`${each}_${name}`, -1] as const));
  return { ...DEFAULTS, ...Object.fromEntries(ofTypes), groups: 10 };
}

/** What a project has. Snapshots count as gigabytes too: `no_snapshot_gb_quota` is false. */
function usageOf({ api }: CinderCall, project: string): Record<string, number> {
  const usage: Record<string, number> = {};
  const add = (type: VolumeTypeRow | undefined, resource: string, amount: number): void => {
    for (const name of [resource, `${resource}_${type?.name ?? ''}`]) usage[name] = (usage[name] ?? 0) + amount;
  };
  const typeOf = (volume: VolumeRow | undefined): VolumeTypeRow | undefined =>
    api.volumeTypes.find(({ id }) => id === volume?.volume_type_id);
  for (const volume of api.database.volumes.values()) {
    if (volume.project_id !== project) continue;
    add(typeOf(volume), 'volumes', 1);
    add(typeOf(volume), 'gigabytes', volume.size);
  }
  for (const snapshot of api.database.snapshots.values()) {
    if (snapshot.project_id !== project) continue;
    const type = typeOf(api.database.volumes.get(snapshot.volume_id));
    add(type, 'snapshots', 1);
    add(type, 'gigabytes', snapshot.volume_size);
  }
  return usage;
}

const NOT_AT_ONCE = 0;
/** Refuses (413) what would be more than a limit; gigabytes first. Source: cinder/quota_utils.py, process_reserve_over_quota. */
function reserve(call: CinderCall, project: string, wanted: Readonly<Record<string, number>>, sizeGb: number): void {
  const limits = limitsOf(call, project);
  const usage = usageOf(call, project);
  const overs = Object.keys(wanted)
    .filter((name) => (limits[name] ?? -1) >= 0 && (usage[name] ?? 0) + (wanted[name] ?? 0) > (limits[name] ?? -1))
    .toSorted();
  for (const over of overs) {
    const limit = limits[over];
    if (over.startsWith('gigabytes')) {
      const consumed = `Requested ${sizeGb}G, quota is ${limit}G and ${usage[over] ?? 0}G has been consumed.`;
      throw new Fault(
        413,
        `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed ${over} quota. ${consumed}`,
        NOT_AT_ONCE,
      );
    }
    const message = over.startsWith('volumes')
      ? `VolumeLimitExceeded: Maximum number of volumes allowed (${limit}) exceeded for quota '${over}'.`
      : `SnapshotLimitExceeded: Maximum number of snapshots allowed (${limit}) exceeded`;
    throw new Fault(413, message, NOT_AT_ONCE);
  }
}

/** Before a volume is made. */
export function checkVolumeQuota(call: CinderCall, sizeGb: number, type: VolumeTypeRow): void {
  const project = call.project ?? '';
  const largest = limitsOf(call, project)['per_volume_gigabytes'] ?? -1;
  if (largest >= 0 && sizeGb > largest) {
    throw new Fault(
      413,
      `VolumeSizeExceedsLimit: Requested volume size ${sizeGb}G is larger than maximum allowed limit ${largest}G.`,
      NOT_AT_ONCE,
    );
  }
  const wanted = {
    volumes: 1,
    gigabytes: sizeGb,
    [`volumes_${type.name}`]: 1,
    [`gigabytes_${type.name}`]: sizeGb,
  };
  reserve(call, project, wanted, sizeGb);
}

/** Before a snapshot is made. */
export function checkSnapshotQuota(call: CinderCall, volume: VolumeRow): void {
  reserve(call, volume.project_id, { snapshots: 1, gigabytes: volume.size }, volume.size);
}

function mayShow(call: CinderCall, project: string): void {
  const own = call.admin || project === call.project;
  if (!own || !hasProjectRole(call, 'reader')) throw forbidden('volume_extension:quotas:show');
}

/** `GET /v3/os-quota-sets/{project}`, with `usage=true` what is in use. */
export function showQuota(call: CinderCall, project: string): Result {
  mayShow(call, project);
  const limits = limitsOf(call, project);
  if (!/^(1|t|true|on|y|yes)$/i.test(call.request.query.get('usage') ?? '')) {
    return jsonResult(200, { quota_set: { ...limits, id: project } });
  }
  const usage = usageOf(call, project);
  const sets = Object.entries(limits).map(
    ([name, limit]) => [name, { limit, in_use: usage[name] ?? 0, reserved: 0 }] as const,
  );
  return jsonResult(200, { quota_set: { ...Object.fromEntries(sets), id: project } });
}

/** `GET /v3/os-quota-sets/{project}/defaults` */
export function showDefaultQuota(call: CinderCall, project: string): Result {
  mayShow(call, project);
  return jsonResult(200, { quota_set: { ...defaultLimits(call), id: project } });
}

/** Source: cinder/api/contrib/quotas.py, validate_quota_limit; a number in quotes passes the first check and stumbles over the next. */
function limitOf(name: string, value: JsonValue): number {
  if (typeof value === 'string' && /^-?\d+$/.test(value)) throw new Fault(400, MALFORMED);
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Fault(400, `${name} must be an integer`);
  if (value < -1) throw new Fault(400, `${name} must be >= -1`);
  if (value > MOST) throw new Fault(400, `${name} must be <= ${MOST}`);
  return value;
}

/** `PUT /v3/os-quota-sets/{project}`: not below what is in use. */
export function changeQuota(call: CinderCall, project: string): Result {
  adminOnly(call, 'volume_extension:quotas:update');
  const asked = requestObject(call.request.body, 'quota_set');
  const limits = limitsOf(call, project);
  const usage = usageOf(call, project);
  const bad = Object.keys(asked).filter((name) => !(name in limits) && name !== 'tenant_id');
  if (bad.length > 0) throw new Fault(400, `Invalid input received: Bad key(s) in quota set: ${bad.join(',')}`);
  if (Object.keys(asked).length === 0) throw invalid('quota_set', asked, '{} should be non-empty');
  const changes: Record<string, number> = {};
  for (const [name, value] of Object.entries(asked)) {
    const limit = limitOf(name, value);
    const used = usage[name] ?? 0;
    if (limit >= 0 && limit < used) {
      const now = `Current usage is ${used} and the requested limit is ${limit}.`;
      throw new Fault(400, `Quota ${name} limit must be equal or greater than existing resources. ${now}`);
    }
    if (name in limits) changes[name] = limit;
  }
  call.api.database.quotas.set(project, { ...call.api.database.quotas.get(project), ...changes });
  return jsonResult(200, { quota_set: limitsOf(call, project) });
}

/** `DELETE /v3/os-quota-sets/{project}`: the defaults again. */
export function resetQuota(call: CinderCall, project: string): Result {
  adminOnly(call, 'volume_extension:quotas:delete');
  call.api.database.quotas.delete(project);
  return { status: 200, body: '' };
}

/** `GET /v3/limits`: the caller's own. */
export function showLimits(call: CinderCall): Result {
  const limits = limitsOf(call, call.project ?? '');
  const usage = usageOf(call, call.project ?? '');
  return jsonResult(200, {
    limits: {
      rate: [],
      absolute: {
        maxTotalVolumes: limits['volumes'],
        maxTotalSnapshots: limits['snapshots'],
        maxTotalVolumeGigabytes: limits['gigabytes'],
        maxTotalBackups: limits['backups'],
        maxTotalBackupGigabytes: limits['backup_gigabytes'],
        ...(hasProjectRole(call, 'reader')
          ? {
              totalVolumesUsed: usage['volumes'] ?? 0,
              totalGigabytesUsed: usage['gigabytes'] ?? 0,
              totalSnapshotsUsed: usage['snapshots'] ?? 0,
              totalBackupsUsed: 0,
              totalBackupGigabytesUsed: 0,
            }
          : {}),
      },
    },
  });
}
