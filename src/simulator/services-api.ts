import type { CinderCall, Result } from './cinder-call.ts';
import { Fault, INCAPABLE } from './fault.ts';
import { atLeast, BACKEND_STATE } from './microversion.ts';
import { allows } from './policy.ts';

/** `GET /v3/os-services`. From 3.49 it waits for a scheduler; below, it needs none. */
export async function listServices(call: CinderCall): Promise<Result> {
  const { api, version, roles, request } = call;
  if (!allows(api.policy().services, roles)) {
    throw new Fault(403, "Policy doesn't allow volume_extension:services:index to be performed.");
  }
  if (!allows(api.policy().contextIsAdmin, roles)) throw new Fault(403, 'User does not have admin privileges');
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const pools = atLeast(version, BACKEND_STATE) ? await api.bus.call((scheduler) => scheduler.getPools()) : undefined;
  const filter = { host: request.query.get('host') ?? undefined, binary: request.query.get('binary') ?? undefined };
  return { status: 200, body: api.servicesBody.write(version, pools, filter) };
}
