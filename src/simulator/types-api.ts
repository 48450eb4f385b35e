import { type CinderCall, type Policy, type Result, allows } from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import type { JsonValue } from './definition.ts';

/** Extra specs that everybody may see. */
const USER_VISIBLE = ['RESKEY:availability_zones', 'multiattach', 'replication_enabled'];

/** `GET /v3/types`, paged with `limit` and `marker`. Others than administrators see public types only, and few extra specs or none. */
export function listTypes(call: CinderCall): Result {
  const { api, request, roles, urlProject } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const admin = allows(api.policy().contextIsAdmin, roles);
  const limit = Math.min(integer(request.query, 'limit') ?? api.settings.maxLimit, api.settings.maxLimit);
  const marker = request.query.get('marker');
  const visible = api.volumeTypes.filter(({ isPublic }) => isVisible(isPublic, admin, request.query.get('is_public')));
  const after = marker === null ? -1 : visible.findIndex(({ id }) => id === marker);
  if (marker !== null && after < 0) throw new Fault(404, `Volume type ${marker} could not be found.`);
  const page = visible.slice(after + 1, after + 1 + limit);
  const policy = api.policy();
  const body: Record<string, JsonValue> = {
    volume_types: page.map((type) => typeBody(type, roles, policy)),
  };
  const last = page.at(-1);
  // Cinder links on from every full page, even when nothing comes after it.
  if (last !== undefined && page.length === limit) {
    const next = new URLSearchParams(request.query);
    next.set('marker', last.id);
    const path = urlProject === undefined ? '' : `/${urlProject}`;
    body['volume_type_links'] = [{ rel: 'next', href: `${api.url}/v3${path}/types?${next.toString()}` }];
  }
  return { status: 200, body: JSON.stringify(body) };
}

function isVisible(isPublic: boolean, admin: boolean, asked: string | null): boolean {
  if (!admin || asked === null) return isPublic;
  if (/^none$/i.test(asked)) return true;
  return isPublic === /^(1|t|true|on|y|yes)$/i.test(asked);
}

/** `access_types_qos_specs_id` wants the role admin. */
function typeBody(
  { id, name, description, isPublic, extraSpecs }: VolumeTypeRow,
  roles: readonly string[],
  policy: Policy,
): Record<string, JsonValue> {
  const all = allows(policy.allExtraSpecs, roles);
  const shown = Object.entries(extraSpecs).filter(([key]) => all || USER_VISIBLE.includes(key));
  return {
    id,
    name,
    is_public: isPublic,
    description,
    ...(allows(policy.extraSpecs, roles) ? { extra_specs: Object.fromEntries(shown) } : {}),
    ...(roles.includes('admin') ? { qos_specs_id: null } : {}),
    'os-volume-type-access:is_public': isPublic,
  };
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?\d+$/.test(value)) throw new Fault(400, `${name} param must be an integer`);
  if (Number(value) < 0) throw new Fault(400, `${name} param must be positive`);
  return Number(value);
}
