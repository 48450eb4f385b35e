import { ACCEPTED, adminOnly, type CinderCall, jsonResult, type Result } from './cinder-call.ts';
import { Fault } from './cinder-fault.ts';
import { isObject } from './definition.ts';
import { pythonRepr } from './python-literal.ts';
import { actionOf, invalid, refuseOthers } from './request-body.ts';
import { findType } from './types-api.ts';

const RULE = 'volume_extension:volume_type_access';

/** `GET /v3/types/{id}/os-volume-type-access`: which projects may use a type that is not public. */
export function listAccess(call: CinderCall, id: string): Result {
  adminOnly(call, `${RULE}:get_all_for_type`);
  const { isPublic, projects } = findType(call, id);
  if (isPublic) throw new Fault(404, 'Access list not available for public volume types.');
  return jsonResult(200, {
    volume_type_access: projects.map((project) => ({ volume_type_id: id, project_id: project })),
  });
}

/** `POST /v3/types/{id}/action`: `addProjectAccess` and `removeProjectAccess`. Source: cinder/api/contrib/volume_type_access.py. */
export function actOnType(call: CinderCall, id: string): Result {
  const { action, body } = actionOf(call.request.body, ['addProjectAccess', 'removeProjectAccess']);
  const asked = body[action];
  if (!isObject(asked)) throw invalid(action, asked, `${pythonRepr(asked)} is not of type 'object'`);
  const project = asked['project'];
  if (project === undefined) throw invalid(action, asked, "'project' is a required property");
  refuseOthers(action, asked, ['project']);
  if (typeof project !== 'string') throw invalid('project', project, `${pythonRepr(project)} is not of type 'string'`);
  if (project === '') throw invalid('project', project, "'' should be non-empty");
  adminOnly(call, `${RULE}:${action}`);
  const type = findType(call, id);
  if (type.isPublic) {
    throw new Fault(400, 'Invalid volume type: Type access modification is not applicable to public volume type.');
  }
  const has = type.projects.includes(project);
  if (action === 'addProjectAccess') {
    if (has) throw new Fault(409, `Volume type access for ${id} / ${project} combination already exists.`);
    type.projects = [...type.projects, project];
  } else {
    if (!has) throw new Fault(404, `Volume type access not found for ${id} / ${project} combination.`);
    type.projects = type.projects.filter((each) => each !== project);
  }
  return ACCEPTED;
}
