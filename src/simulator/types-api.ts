import { randomUUID } from 'node:crypto';
import {
  ACCEPTED_PAGE,
  adminOnly,
  allows,
  atLeast,
  type CinderCall,
  hasProjectRole,
  jsonResult,
  type Policy,
  projectOnly,
  type Result,
  TYPE_FILTER,
} from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import type { JsonObject, JsonValue } from './definition.ts';
import { literal, type Page, pageOf } from './listing.ts';
import { invalid, optionalFlag, refuseOthers, requestObject, requiredName, specsOf } from './request-body.ts';
import { pythonRepr } from './python-literal.ts';

/** Extra specs that everybody may see. */
const USER_VISIBLE = ['RESKEY:availability_zones', 'multiattach', 'replication_enabled'];

/** `__DEFAULT__` is `default_volume_type`. */
const DEFAULT_TYPE = '__DEFAULT__';

/** The type of that id that the caller may see. Source: cinder/db/api.py, _volume_type_get_query. */
export function findType({ api, admin, project }: CinderCall, id: string): VolumeTypeRow {
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const type = api.volumeTypes.find((row) => row.id === id);
  if (type !== undefined && (admin || type.isPublic || type.projects.includes(project ?? ''))) return type;
  throw new Fault(404, `Volume type ${id} could not be found.`);
}

/** `GET /v3/types`, paged with `limit` and `marker`. Others than administrators see public types only, and few extra specs or none. */
export function listTypes(call: CinderCall): Result {
  const { api, request, urlProject } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const parameters = new Map(request.query);
  const { limit, offset, marker, sort } = pageOf(parameters, api.settings.maxLimit);
  projectOnly(call, 'reader', 'volume_extension:type_get_all');
  const asked = parameters.get('is_public') ?? null;
  parameters.delete('is_public');
  const fits = typeFilter(call, parameters);
  const visible = sorted(
    api.volumeTypes.filter((type) => isListed(type, call, asked) && fits(type)),
    sort,
  );
  // A marker that is not there is none.
  const start = visible.findIndex(({ id }) => id === marker) + 1 + offset;
  const page = visible.slice(start, start + limit);
  const body: Record<string, JsonValue> = { volume_types: page.map((type) => typeBody(type, call)) };
  const last = page.at(-1);
  // Cinder links on from every full page, even when nothing comes after it.
  if (last !== undefined && page.length === limit) {
    const next = new URLSearchParams(request.query);
    next.set('marker', last.id);
    const path = urlProject === undefined ? '' : `/${urlProject}`;
    body['volume_type_links'] = [{ rel: 'next', href: `${api.url}/v3${path}/types?${next.toString()}` }];
  }
  return jsonResult(200, body);
}

/** What a project was given access to it sees beside the public ones. */
function isListed(
  { isPublic, projects }: VolumeTypeRow,
  { admin, project }: CinderCall,
  asked: string | null,
): boolean {
  if (!admin) return isPublic || projects.includes(project ?? '');
  if (asked === null) return isPublic;
  if (/^none$/i.test(asked)) return true;
  const wanted = /^(1|t|true|on|y|yes)$/i.test(asked);
  if (!wanted && !/^(0|f|false|off|n|no)$/i.test(asked)) throw new Fault(400, `Invalid is_public filter [${asked}]`);
  return isPublic === wanted;
}

const COLUMNS = ['id', 'name', 'description', 'is_public', 'qos_specs_id', 'created_at', 'updated_at'];

/** Newest first unless a column is asked for, as the types are kept. */
function sorted(types: readonly VolumeTypeRow[], sort: Page['sort']): readonly VolumeTypeRow[] {
  const [first = '', descending = true] = sort[0] ?? [];
  const column = first === 'display_name' ? 'name' : first;
  if (!COLUMNS.includes(column)) throw new Fault(400, 'Invalid input received: Invalid sort key');
  const inOrder =
    column === 'name' || column === 'id' ? types.toSorted((a, b) => (a[column] < b[column] ? 1 : -1)) : types;
  return descending ? inOrder : inOrder.toReversed();
}

/** What an administrator may filter by from 3.52; a name that is no column finds nothing. Source: cinder/api/v3/types.py, _get_volume_types. */
function typeFilter(
  { version, admin }: CinderCall,
  filters: ReadonlyMap<string, string>,
): (type: VolumeTypeRow) => boolean {
  if (!admin || !atLeast(version, TYPE_FILTER)) return () => true;
  const tests = [...filters].map(([key, value]): ((type: VolumeTypeRow) => boolean) => {
    if (key === 'name' || key === 'id' || key === 'description') return (type) => type[key] === value;
    if (key !== 'extra_specs') return () => false;
    const wanted = literal(value);
    if (!(wanted instanceof Map)) throw new Fault(500, INCAPABLE);
    return ({ extraSpecs }) => [...wanted].every(([name, text]) => extraSpecs[name] === String(text));
  });
  return (type) => tests.every((test) => test(type));
}

/** `GET /v3/types/{id}`; `default` is the default type. */
export function showType(call: CinderCall, id: string): Result {
  projectOnly(call, 'reader', 'volume_extension:type_get');
  const byDefault = id === 'default' ? call.api.volumeTypes.find(({ name }) => name === DEFAULT_TYPE) : undefined;
  const { 'os-volume-type-access:is_public': access, ...type } = typeBody(byDefault ?? findType(call, id), call);
  return jsonResult(200, {
    volume_type:
      byDefault === undefined && access !== undefined ? { ...type, 'os-volume-type-access:is_public': access } : type,
  });
}

/** `POST /v3/types`. Source: cinder/api/contrib/types_manage.py. */
export function createType(call: CinderCall): Result {
  const { api, request } = call;
  const asked = requestObject(request.body, 'volume_type');
  const name = requiredName(asked, 'volume_type');
  const description = descriptionOf(asked);
  const extraSpecs = specsOf(asked['extra_specs'] ?? {}, /^[a-zA-Z0-9-_:. /]{1,255}$/);
  const isPublic = optionalFlag(asked, 'os-volume-type-access:is_public') ?? true;
  refuseOthers('volume_type', asked, ['name', 'description', 'extra_specs', 'os-volume-type-access:is_public']);
  adminOnly(call, 'volume_extension:type_create');
  refuseTaken(call, name);
  const type: VolumeTypeRow = { id: randomUUID(), name, description, isPublic, projects: [], extraSpecs };
  api.volumeTypes.unshift(type);
  return jsonResult(200, {
    volume_type: { ...changedBody(type, call), 'os-volume-type-access:is_public': isPublic },
  });
}

/** `PUT /v3/types/{id}` */
export function updateType(call: CinderCall, id: string): Result {
  const asked = requestObject(call.request.body, 'volume_type');
  const name = asked['name'] ?? null;
  if (name !== null && typeof name !== 'string') {
    throw invalid('name', name, `${pythonRepr(name)} is not of type 'string', 'null'`);
  }
  if (name === '') throw invalid('name', name, "'' should be non-empty");
  const description = descriptionOf(asked);
  const isPublic = optionalFlag(asked, 'is_public');
  refuseOthers('volume_type', asked, ['name', 'description', 'is_public']);
  adminOnly(call, 'volume_extension:type_update');
  if (name !== null && name.trim() === '') throw new Fault(400, 'Volume type name can not be empty.');
  if (name === null && description === null && isPublic === undefined) {
    throw new Fault(400, 'Specify volume type name, description, is_public or a combination thereof.');
  }
  const type = findType(call, id);
  if (name !== null && name !== type.name) refuseTaken(call, name);
  type.name = name ?? type.name;
  type.description = description ?? type.description;
  type.isPublic = isPublic ?? type.isPublic;
  return jsonResult(200, { volume_type: changedBody(type, call) });
}

/** `DELETE /v3/types/{id}` */
export function deleteType(call: CinderCall, id: string): Result {
  const { api } = call;
  adminOnly(call, 'volume_extension:type_delete');
  const type = findType(call, id);
  if (type.name === DEFAULT_TYPE) {
    throw new Fault(400, `The volume type ${id} is a default volume type and cannot be deleted.`);
  }
  if (isUsed(call, id)) throw new Fault(400, 'Target volume type is still in use.');
  api.volumeTypes.splice(api.volumeTypes.indexOf(type), 1);
  return ACCEPTED_PAGE;
}

/** Is there a volume of that type? */
export function isUsed({ api }: CinderCall, id: string): boolean {
  return [...api.database.volumes.values()].some(({ volume_type_id: of }) => of === id);
}

function refuseTaken({ api }: CinderCall, name: string): void {
  if (api.volumeTypes.some((type) => type.name === name)) {
    throw new Fault(409, `Volume Type ${name} already exists.`);
  }
}

function descriptionOf(asked: JsonObject): string | null {
  const description = asked['description'] ?? null;
  if (description === null || (typeof description === 'string' && description.length <= 255)) return description;
  const why = typeof description === 'string' ? 'is too long' : "is not of type 'string', 'null'";
  throw invalid('description', description, `${pythonRepr(description)} ${why}`);
}

/** A type in a list. `access_types_qos_specs_id` wants the role admin. */
function typeBody(type: VolumeTypeRow, call: CinderCall): Record<string, JsonValue> {
  return {
    ...changedBody(type, call),
    ...(call.roles.includes('admin') ? { qos_specs_id: null } : {}),
    ...(hasProjectRole(call, 'member') ? { 'os-volume-type-access:is_public': type.isPublic } : {}),
  };
}

/** What the answer to a change has. */
function changedBody(
  { id, name, description, isPublic, extraSpecs }: VolumeTypeRow,
  { api, roles }: CinderCall,
): Record<string, JsonValue> {
  const policy = api.policy();
  const shown = allows(policy.extraSpecs, roles) ? { extra_specs: visibleSpecs(extraSpecs, roles, policy) } : {};
  return { id, name, is_public: isPublic, description, ...shown };
}

/** The extra specs that a role may see. */
export function visibleSpecs(
  extraSpecs: VolumeTypeRow['extraSpecs'],
  roles: readonly string[],
  policy: Policy,
): Record<string, string | null> {
  const all = allows(policy.allExtraSpecs, roles);
  return Object.fromEntries(Object.entries(extraSpecs).filter(([key]) => all || USER_VISIBLE.includes(key)));
}
