import { BACKEND_STATE, type CinderCall, type Result, allows, atLeast } from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import { type JsonValue, type JsonObject, isObject } from './definition.ts';
import { pythonRepr } from './python-literal.ts';
import { invalid } from './request-body.ts';

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
  const filter = { host: request.query.get('host') ?? undefined, binary: request.query.get('binary') ?? undefined };
  return { status: 200, body: api.servicesBody.write(version, pools, filter) };
}

/** `PUT /v3/os-services/{action}`: enable, disable, disable-log-reason, freeze, thaw, failover_host. Administrators only. */
export function changeService(call: CinderCall, action: string): Result {
  const { api, roles, request } = call;
  if (!allows(['admin'], roles)) {
    throw new Fault(403, "Policy doesn't allow volume_extension:services:update to be performed.");
  }
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const body = parse(request.body);
  const host = text(body, 'host');
  const binary = text(body, 'binary') || text(body, 'service') || 'cinder-volume';
  if (['freeze', 'thaw', 'failover_host'].includes(action)) {
    if (api.database.volumeRows(host).length === 0) throw new Fault(400, `No service found with host=${host}`);
  } else if (
    ['enable', 'disable', 'disable-log-reason'].includes(action) &&
    api.database.find(binary, host).length === 0
  ) {
    throw new Fault(404, `Service ${binary} could not be found on host ${host}.`);
  }
  const { operator } = api;
  const changed = (status: string, more: JsonObject = {}): Result => ({
    status: 200,
    body: JSON.stringify({
      ...more,
      disabled: status === 'disabled',
      host,
      service: text(body, 'service'),
      binary,
      status,
    }),
  });
  switch (action) {
    case 'enable':
      if (api.settings.enableIsSaved) operator.enable(host, binary);
      return changed('enabled');
    case 'disable':
      if (api.settings.enableIsSaved) operator.disable(host, undefined, binary);
      return changed('disabled');
    case 'disable-log-reason': {
      const reason = reasonOf(body);
      operator.disable(host, reason ?? undefined, binary);
      return changed('disabled', { disabled_reason: reason });
    }
    case 'freeze':
      operator.freeze(host);
      return { status: 200, body: '' };
    case 'thaw':
      operator.thaw(host);
      return { status: 200, body: '' };
    case 'failover_host':
      if (text(body, 'backend_id') === 'default') operator.failback(host);
      else operator.failover(host, text(body, 'backend_id') || undefined);
      return { status: 202, body: '' };
    default:
      throw new Fault(400, 'Invalid input received: Unknown action');
  }
}

/** A reason that is given must say something. Source: cinder/api/schemas/services.py. */
function reasonOf(body: JsonObject): string | null {
  const reason = body['disabled_reason'];
  if (reason === undefined) return null;
  if (typeof reason !== 'string') {
    throw invalid('disabled_reason', reason, `${pythonRepr(reason)} is not of type 'string'`);
  }
  if (reason === '') throw invalid('disabled_reason', reason, "'' is too short");
  if (reason.length > 255) throw invalid('disabled_reason', reason, `${pythonRepr(reason)} is too long`);
  if (reason.trim() === '')
    throw invalid('disabled_reason', reason, `${pythonRepr(reason)} is not a 'disabled_reason'`);
  return reason;
}

function parse(body: string): JsonObject {
  try {
    const parsed: JsonValue = JSON.parse(body === '' ? '{}' : body);
    if (isObject(parsed)) return parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Fault(400, 'Malformed request body');
}

function text(body: JsonObject, key: string): string {
  const value = body[key];
  return typeof value === 'string' ? value : '';
}
