import { type CinderCall, jsonResult, projectOnly, type Result } from './cinder-call.ts';
import { Fault, INCAPABLE } from './cinder-fault.ts';
import { pageOf, rowsOfPage, takeCount } from './listing.ts';

const COLUMNS: readonly string[] = [
  'id',
  'display_name',
  'status',
  'size',
  'host',
  'volume_id',
  'created_at',
  'updated_at',
];

/** `GET /v3/backups`, and with `/detail`, of a cloud in which nobody makes any: the simulated cinder-backup has heartbeats and no work. */
export function listBackups(call: CinderCall): Result {
  const { api, request } = call;
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  projectOnly(call, 'reader', 'backup:get_all');
  const parameters = new Map(request.query);
  const page = pageOf(parameters, api.settings.maxLimit);
  if (page.marker !== undefined) return showBackup(call, page.marker);
  rowsOfPage([], page, COLUMNS, undefined);
  return jsonResult(200, { backups: [], ...(takeCount(call, parameters) ? { count: 0 } : {}) });
}

/** `GET` and `DELETE /v3/backups/{id}` */
export function showBackup({ api }: CinderCall, id: string): never {
  if (!api.databaseIsUp()) throw new Fault(500, INCAPABLE);
  throw new Fault(404, `Backup ${id} could not be found.`);
}
