import {
  ACCEPTED_PAGE,
  BACKEND_STATE,
  type CinderCall,
  LOG_LEVEL,
  REPLICATION_CLUSTER,
  type Result,
  adminOnly,
  allows,
  atLeast,
  jsonResult,
} from './cinder-call.ts';
import { Fault, INCAPABLE, MALFORMED, NOT_FOUND } from './cinder-fault.ts';
import type { JsonObject, JsonValue } from './definition.ts';
import { pythonRepr } from './python-literal.ts';
import { invalid, requestBody, requestJson, unexpected } from './request-body.ts';

/** `GET /v3/os-services`. From 3.49 it waits for a scheduler; below, it needs none. */
export async function listServices(call: CinderCall): Promise<Result> {
  const { api, version, roles, request } = call;
  if (!allows(api.policy().services, roles)) {
    throw new Fault(403, "Policy doesn't allow volume_extension:services:index to be performed.");
  }
  if (!allows(api.policy().contextIsAdmin, roles)) throw new Fault(403, 'User does not have admin privileges');
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const pools = atLeast(version, BACKEND_STATE)
    ? await api.queues.scheduler.call((scheduler) => scheduler.getPools())
    : undefined;
  const last = new Map(request.query);
  const filter = { host: last.get('host'), binary: last.get('binary') };
  return { status: 200, body: api.servicesBody.write(version, pools, filter) };
}

/** What a value of a body must be. */
interface Schema {
  /** Texts that may be null. */
  readonly nullable: readonly string[];
  /** Texts of 1 to 255 characters. */
  readonly texts: readonly string[];
  /** One of these must be there. */
  readonly anyOf: readonly string[];
}

const SWITCH: Schema = { nullable: ['cluster'], texts: ['binary', 'service'], anyOf: ['binary', 'service'] };
const LOG: Schema = { nullable: ['binary', 'server', 'prefix'], texts: [], anyOf: [] };
const FAILOVER: Schema = { nullable: ['backend_id', 'cluster'], texts: [], anyOf: [] };

/** By action. Source: cinder/api/schemas/services.py. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  enable: SWITCH,
  disable: SWITCH,
  'disable-log-reason': SWITCH,
  freeze: { nullable: ['cluster'], texts: [], anyOf: [] },
  thaw: { nullable: ['cluster'], texts: [], anyOf: [] },
  failover_host: FAILOVER,
  failover: FAILOVER,
  'get-log': LOG,
  'set-log': { ...LOG, nullable: [...LOG.nullable, 'level'] },
};

/** The actions that are routes of their own where each is one: `failover` was forgotten. Source: cinder/api/v3/router.py of Cinder 29. */
export const SERVICE_ROUTES: readonly string[] = Object.keys(SCHEMAS).filter((action) => action !== 'failover');

/** Is the action there at the microversion of the call? */
function isOffered({ version }: CinderCall, action: string): boolean {
  if (action.endsWith('-log')) return atLeast(version, LOG_LEVEL);
  return action === 'failover' ? atLeast(version, REPLICATION_CLUSTER) : action in SCHEMAS;
}

/**
 * `PUT /v3/os-services/{action}`: enable, disable, disable-log-reason, freeze, thaw, failover_host, and what is there of logs. Administrators only.
 * One resource looks at the user first and then at the body; routes the other way round.
 */
export function changeService(call: CinderCall, action: string): Result {
  const { api, request } = call;
  const routes = api.settings.serviceRoutes;
  const authorize = (): void => adminOnly(call, 'volume_extension:services:update');
  if (!routes) authorize();
  if (!isOffered(call, action)) {
    if (routes) throw new Fault(404, NOT_FOUND);
    requestJson(request.body, new Fault(400, MALFORMED));
    throw new Fault(400, 'Invalid input received: Unknown action');
  }
  const body = requestBody(request.body, routes ? undefined : new Fault(400, MALFORMED));
  checkBody(body, action, routes);
  if (routes) authorize();
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  return action.endsWith('-log') ? aboutLogs(call, action) : change(call, action, body);
}

function change(call: CinderCall, action: string, body: JsonObject): Result {
  const { api } = call;
  const host = nameOf(call, action, body);
  const given = text(body, 'binary');
  const binary = given || text(body, 'service');
  if (['freeze', 'thaw', 'failover_host', 'failover'].includes(action)) {
    if (api.database.volumeRows(host).length === 0) {
      throw new Fault(400, `No service found with ${text(body, 'host') === '' ? 'cluster' : 'host'}=${host}`);
    }
  } else if (api.database.find(binary, host).length === 0) {
    throw new Fault(404, `Service ${binary} could not be found on host ${host}.`);
  }
  const { operator } = api;
  const changed = (status: string, more: JsonObject = {}): Result =>
    jsonResult(200, {
      ...more,
      disabled: status === 'disabled',
      host,
      service: text(body, 'service'),
      binary: given,
      status,
    });
  switch (action) {
    case 'enable':
      if (api.settings.enableIsSaved) operator.enable(host, binary);
      return changed('enabled');
    case 'disable':
      if (api.settings.enableIsSaved) operator.disable(host, undefined, binary);
      return changed('disabled');
    case 'disable-log-reason': {
      const reason = body['disabled_reason'];
      operator.disable(host, typeof reason === 'string' ? reason : undefined, binary);
      return changed('disabled', { disabled_reason: reason ?? null });
    }
    case 'freeze':
      operator.freeze(host);
      return { status: 200, body: '' };
    case 'thaw':
      operator.thaw(host);
      return { status: 200, body: '' };
    default:
      if (text(body, 'backend_id') === 'default') operator.failback(host);
      else operator.failover(host, text(body, 'backend_id') || undefined);
      return { status: 202, body: '' };
  }
}

/** The host, or the cluster where a body may have one instead. Source: cinder/api/common.py, get_cluster_host. */
function nameOf({ version, api }: CinderCall, action: string, body: JsonObject): string {
  const either =
    ['freeze', 'thaw', 'failover'].includes(action) || (action === 'failover_host' && api.settings.serviceRoutes);
  const clustered = either && atLeast(version, REPLICATION_CLUSTER);
  const host = text(body, 'host');
  const cluster = clustered ? text(body, 'cluster') : '';
  if ((host === '') !== (cluster === '')) return host || cluster;
  const missing = clustered ? 'One and only one of cluster and host must be set.' : 'Host field is missing.';
  throw new Fault(400, `Invalid input received: ${missing}`);
}

/** The services of the simulated cloud have no loggers to show. */
function aboutLogs({ api }: CinderCall, action: string): Result {
  if (action === 'set-log') return ACCEPTED_PAGE;
  const rows = api.database.services.map(({ host, binary }) => ({ host, binary, levels: {} }));
  return jsonResult(200, { log_levels: rows });
}

const HOST = /^[a-zA-Z0-9-._#@:/+[\]]*$/;
/** As Python shows it. */
const HOST_SHOWN = String.raw`'^[a-zA-Z0-9-._#@:/+\\[\\]]*$'`;

/** Refuses what the schema of the action refuses, in its order. */
function checkBody(body: JsonObject, action: string, newest: boolean): void {
  const { nullable, texts, anyOf } = SCHEMAS[action] ?? LOG;
  const empty = newest ? 'should be non-empty' : 'is too short';
  const within = (key: string, value: string): void => {
    if (value === '') throw invalid(key, value, `'' ${empty}`);
    if (value.length > 255) throw invalid(key, value, `${pythonRepr(value)} is too long`);
  };
  const isText = (key: string, value: JsonValue | undefined, types: string): value is string => {
    if (typeof value === 'string') return true;
    throw invalid(key, value, `${pythonRepr(value)} is not of type ${types}`);
  };
  const reasons = action === 'disable-log-reason' ? ['disabled_reason'] : [];
  const hosts = action.endsWith('-log') ? [] : ['host'];
  for (const key of [...texts, ...reasons]) {
    const value = body[key];
    if (value !== undefined && isText(key, value, "'string'")) within(key, value);
  }
  for (const key of [...hosts, ...nullable]) {
    const value = body[key] ?? null;
    if (value === null || !isText(key, value, "'string', 'null'") || key !== 'host') continue;
    within(key, value);
    if (!HOST.test(value)) throw invalid(key, value, `${pythonRepr(value)} does not match ${HOST_SHOWN}`);
  }
  const reason = body['disabled_reason'];
  if (reasons.length > 0 && typeof reason === 'string' && reason.trim() === '')
    throw invalid('disabled_reason', reason, `${pythonRepr(reason)} is not a 'disabled_reason'`);
  if (anyOf.length > 0 && !anyOf.some((key) => key in body)) {
    throw new Fault(400, `${pythonRepr(body)} is not valid under any of the given schemas`);
  }
  const known = [...texts, ...reasons, ...hosts, ...nullable];
  const others = Object.keys(body).filter((key) => !known.includes(key));
  if (others.length > 0) throw new Fault(400, unexpected(others.toSorted()));
}

function text(body: JsonObject, key: string): string {
  const value = body[key];
  return typeof value === 'string' ? value : '';
}
