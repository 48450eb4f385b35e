import { type CinderCall, jsonResult, type Result } from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import { pageOf, takeCount } from './listing.ts';

/** `GET /v3/backups` of a cloud in which nobody makes any: the simulated cinder-backup has heartbeats and no work. */
export function listBackups(call: CinderCall): Result {
  const { api, request } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  const parameters = new Map(request.query);
  pageOf(parameters, api.settings.maxLimit);
  return jsonResult(200, { backups: [], ...(takeCount(call, parameters) ? { count: 0 } : {}) });
}
