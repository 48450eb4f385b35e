/** Where a path below `/v3/` leads. */
export interface Route {
  readonly project: string | undefined;
  /** Without the project: `os-services`, `os-services/disable`, `scheduler-stats/get_pools`, `types`, ... */
  readonly resource: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const RESOURCE = /^(os-services|scheduler-stats|types)(\/[^/]+)?$/;
/** `project_id_regex`: hexadecimal digits and hyphens. */
const PROJECT = /^[0-9a-f-]+$/;

/** Finds the route; undefined is the router's own 404 in HTML: an unknown path, a trailing slash, a project that is not an id. */
export function route(method: string, path: string): Route | undefined {
  if (!METHODS.includes(method)) return undefined;
  const rest = path.slice('/v3/'.length);
  if (RESOURCE.test(rest)) return { project: undefined, resource: rest };
  const slash = rest.indexOf('/');
  const project = rest.slice(0, slash);
  const resource = rest.slice(slash + 1);
  return slash > 0 && PROJECT.test(project) && RESOURCE.test(resource) ? { project, resource } : undefined;
}
