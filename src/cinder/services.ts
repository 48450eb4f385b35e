import type { Service } from './model.ts';
import type { RowReader } from './rows.ts';
import { asObject, boolean, text, time, word, type Cutter } from './wire.ts';

const MAX_DISABLED_REASON = 256;

/** Reads the body of `GET /v3/os-services`. Of several rows with the same binary and host (HA deployments) the one with the latest heartbeat counts. */
export function serviceReader(cut: Cutter): RowReader<Service> {
  return {
    listKey: 'services',
    decode: (row) => decodeService(row, cut),
    key: (service) => JSON.stringify([service.binary, service.host]),
    timeMs: (service) => service.updatedAtMs,
    dated: { key: 'updated_at', at: (service, updatedAtMs) => ({ ...service, updatedAtMs }) },
    lasts: () => true,
  };
}

function decodeService(row: unknown, cut: Cutter): Service | string {
  const said = asObject(row);
  if (!said) return 'a row is not an object';
  const { binary, host } = said;
  if (typeof binary !== 'string' || binary === '') return 'a row has no "binary"';
  if (typeof host !== 'string' || host === '') return `a ${cut(binary.toWellFormed())} row has no "host"`;
  const enabled = choice(said['status'], 'enabled', 'disabled');
  const up = choice(said['state'], 'up', 'down');
  const cluster = word(said['cluster']);
  const disabledReason = enabled === false ? word(said['disabled_reason']) : undefined;
  return {
    binary: cut.identity(binary.toWellFormed()),
    host: cut.identity(host.toWellFormed()),
    zone: cut(text(said['zone'])),
    cluster: cluster === undefined ? undefined : cut.identity(cluster),
    enabled,
    up,
    ...(up === undefined && { otherState: optional(said['state'], cut) }),
    frozen: boolean(said['frozen']),
    updatedAtMs: time(said['updated_at']),
    disabledReason: disabledReason === undefined ? undefined : cut(shorten(disabledReason)),
    replicationStatus: optional(said['replication_status'], cut),
    activeBackendId: optional(said['active_backend_id'], cut),
    backendState: said['backend_state'] === null ? null : optional(said['backend_state'], cut),
  };
}

function optional(value: unknown, cut: Cutter): string | undefined {
  const said = word(value);
  return said === undefined ? undefined : cut(said);
}

function choice(value: unknown, yes: string, no: string): boolean | undefined {
  return value === yes ? true : value === no ? false : undefined;
}

/** By characters, not UTF-16 units, so that none is torn. */
function shorten(reason: string): string {
  return reason.length <= MAX_DISABLED_REASON
    ? reason
    : Array.from(reason.slice(0, 2 * MAX_DISABLED_REASON))
        .slice(0, MAX_DISABLED_REASON)
        .join('');
}
