import { ACCEPTED, adminOnly, type CinderCall, jsonResult, projectOnly, type Result } from './cinder-call.ts';
import { Fault } from './cinder-fault.ts';
import type { VolumeTypeRow } from './database.ts';
import { pythonRepr } from './python-literal.ts';
import { requestBody, requestObject, specsOf } from './request-body.ts';
import { findType, isUsed, visibleSpecs } from './types-api.ts';

const NAMES = /^[a-zA-Z0-9-_:.]{1,255}$/;
const RULE = 'volume_extension:types_extra_specs';

/** `GET /v3/types/{id}/extra_specs` */
export function listSpecs(call: CinderCall, id: string): Result {
  projectOnly(call, 'reader', `${RULE}:index`);
  const { extraSpecs } = findType(call, id);
  return jsonResult(200, { extra_specs: visibleSpecs(extraSpecs, call.roles, call.api.policy()) });
}

/** `GET /v3/types/{id}/extra_specs/{key}` */
export function showSpec(call: CinderCall, id: string, key: string): Result {
  const found = visibleSpecs(findType(call, id).extraSpecs, call.roles, call.api.policy())[key];
  if (found === undefined) throw noSpec(id, key);
  return jsonResult(200, { [key]: found });
}

/** `POST /v3/types/{id}/extra_specs`. Source: cinder/api/contrib/types_extra_specs.py. */
export function createSpecs(call: CinderCall, id: string): Result {
  const specs = specsOf(requestObject(call.request.body, 'extra_specs'), NAMES);
  adminOnly(call, `${RULE}:create`);
  save(changeable(call, id), specs);
  return jsonResult(200, { extra_specs: specs });
}

/** `PUT /v3/types/{id}/extra_specs/{key}` */
export function updateSpec(call: CinderCall, id: string, key: string): Result {
  const body = requestBody(call.request.body);
  const names = Object.keys(body);
  if (names.length === 0) throw new Fault(400, '{} should be non-empty');
  if (names.length > 1) throw new Fault(400, `${pythonRepr(body)} has too many properties`);
  const specs = specsOf(body, NAMES);
  adminOnly(call, `${RULE}:update`);
  const type = changeable(call, id);
  if (!(key in body)) throw new Fault(400, 'Request body and URI mismatch');
  save(type, specs);
  return jsonResult(200, body);
}

/** `DELETE /v3/types/{id}/extra_specs/{key}` */
export function deleteSpec(call: CinderCall, id: string, key: string): Result {
  findType(call, id);
  adminOnly(call, `${RULE}:delete`);
  const type = changeable(call, id);
  if (!(key in type.extraSpecs)) throw noSpec(id, key);
  type.extraSpecs = Object.fromEntries(Object.entries(type.extraSpecs).filter(([name]) => name !== key));
  return ACCEPTED;
}

/** A type of which there is no volume. */
function changeable(call: CinderCall, id: string): VolumeTypeRow {
  if (isUsed(call, id)) throw new Fault(400, 'Volume Type is currently in use.');
  return findType(call, id);
}

const TRUE = '<is> True';

function save(type: VolumeTypeRow, specs: VolumeTypeRow['extraSpecs']): void {
  const all = { ...type.extraSpecs, ...specs };
  const asked = [specs['multiattach'], specs['cacheable']].includes(TRUE);
  if (asked && all['multiattach'] === TRUE && all['cacheable'] === TRUE) {
    throw new Fault(400, 'cacheable cannot be set with multiattach.');
  }
  type.extraSpecs = all;
}

function noSpec(id: string, key: string): Fault {
  return new Fault(404, `Volume Type ${id} has no extra specs with key ${key}.`);
}
