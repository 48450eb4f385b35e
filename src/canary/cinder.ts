import { asObject, text, time } from '../cinder/wire.ts';
import type { Clock } from '../clock.ts';
import { parseJson, serverTime } from '../openstack/answer.ts';
import { OpenStackError } from '../openstack/errors.ts';
import type { WritingSession } from '../openstack/session.ts';

/** The one operation of `cinder_exporter_api_request_duration_seconds` that everything here is. */
const OPERATION = 'canary';

/** What a volume of the canary carries in its metadata, whoever made it. */
const MARK = { key: 'cinder-exporter', value: 'canary' } as const;
const RUN = 'cinder-exporter-run';
const OWNER = 'cinder-exporter-owner';

/** By their names alone people see what they are. */
const NAME = 'cinder-exporter-canary';

/** A volume of the canary's project. */
export interface CanaryVolume {
  readonly id: string;
  readonly status: string;
  readonly volumeType: string;
  /** Which round made it, and which process; undefined: it is not the canary's. */
  readonly mark: { readonly run: string; readonly owner: string } | undefined;
  /** `os-vol-tenant-attr:tenant_id`. */
  readonly project: string;
  /** By Cinder's clock, in milliseconds; undefined: nobody can tell. */
  readonly ageMs: number | undefined;
  /** The answer tells the host, which Cinder shows to administrators alone. */
  readonly showsHost: boolean;
}

/** Which of Cinder's messages: its event, and its words for users. */
interface Message {
  readonly event: string;
  readonly words: string;
}

/** What the canary asks Cinder. Each throws an OpenStackError. */
export interface CanaryWire {
  /** All volumes of the project, found in two ways. */
  readonly list: () => Promise<readonly CanaryVolume[]>;
  /** undefined: there is none of that id. */
  readonly show: (id: string) => Promise<CanaryVolume | undefined>;
  /** Asks once for a volume of 1 GiB; its id. */
  readonly create: (volumeType: string, run: string) => Promise<string>;
  readonly remove: (id: string) => Promise<void>;
  /** What Cinder tells its user of that volume; nothing where it has no such list. */
  readonly messages: (id: string) => Promise<readonly Message[]>;
  /** Is the type public? undefined: the project does not have it. */
  readonly isPublic: (volumeType: string) => Promise<boolean | undefined>;
  /** The project that the login is for; undefined before the first, and when it is for none. */
  readonly project: () => string | undefined;
  /** Whether the login has the role admin; logs in when needed. */
  readonly isAdmin: () => Promise<boolean>;
}

/** A page of a list. The project has a handful of volumes. */
const PAGE = 200;
const MOST_PAGES = 5;

/** Everything below works at the first microversion; messages came with 3.3, and their filter with 3.5. */
const VOLUMES = { 'openstack-api-version': 'volume 3.0' };
const MESSAGES = { 'openstack-api-version': 'volume 3.5' };

export function createWire(
  session: WritingSession,
  owner: string,
  timeoutMs: number,
  { wall }: Pick<Clock, 'wall'>,
): CanaryWire {
  const get = async (path: string, headers = VOLUMES): Promise<{ body: unknown; nowMs: number }> => {
    const { request, answer } = await session.get({ operation: OPERATION, path, headers, timeoutMs });
    return { body: parseJson(request, answer), nowMs: serverTime(answer) ?? wall() };
  };

  /** One way of asking, page by page. */
  async function pages(query: Readonly<Record<string, string>>): Promise<readonly CanaryVolume[]> {
    const found: CanaryVolume[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const last = found.at(-1)?.id;
      const parameters = { ...query, limit: String(PAGE), ...(last !== undefined && { marker: last }) };
      const path = `/volumes/detail?${new URLSearchParams(parameters).toString()}`;
      const { body, nowMs } = await get(path);
      const said = asObject(body);
      const rows = said?.['volumes'];
      if (!Array.isArray(rows)) throw decodeError(path, 'an answer without "volumes"');
      for (const row of rows) found.push(volumeOf(row, nowMs, path));
      if (rows.length === 0 || said?.['volumes_links'] === undefined) return found;
    }
    throw decodeError('/volumes/detail', `more than ${found.length} volumes: the project is not the canary's alone`);
  }

  return {
    async list() {
      // Neither way is believed when it finds nothing: a filter that Cinder does not know is left out, or fits nothing, and both are 200.
      const all = await pages({});
      const marked = await pages({ metadata: `{'${MARK.key}': '${MARK.value}'}` });
      return [...new Map([...marked, ...all].map((volume) => [volume.id, volume])).values()];
    },
    async show(id) {
      const path = `/volumes/${encodeURIComponent(id)}`;
      try {
        const { body, nowMs } = await get(path);
        return volumeOf(asObject(body)?.['volume'], nowMs, path);
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },
    async create(volumeType, run) {
      const metadata = { [MARK.key]: MARK.value, [RUN]: run, [OWNER]: owner };
      const volume = { name: NAME, size: 1, volume_type: volumeType, metadata };
      const path = '/volumes';
      const body = { volume };
      const { request, answer } = await session.write({
        operation: OPERATION,
        path,
        headers: VOLUMES,
        method: 'POST',
        body,
        timeoutMs,
      });
      const id = text(asObject(asObject(parseJson(request, answer))?.['volume'])?.['id']);
      if (!isId(id)) throw decodeError(path, 'an answer without the id of a volume');
      return id;
    },
    async remove(id) {
      try {
        const path = `/volumes/${encodeURIComponent(id)}`;
        await session.write({ operation: OPERATION, path, headers: VOLUMES, method: 'DELETE', timeoutMs });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
    async messages(id) {
      const path = `/messages?${new URLSearchParams({ resource_uuid: id }).toString()}`;
      const { body } = await get(path, MESSAGES);
      const rows = asObject(body)?.['messages'];
      if (!Array.isArray(rows)) throw decodeError(path, 'an answer without "messages"');
      return rows
        .map((row) => asObject(row))
        .filter((row) => text(row?.['resource_uuid']) === id)
        .map((row) => ({ event: text(row?.['event_id']), words: text(row?.['user_message']) }));
    },
    async isPublic(volumeType) {
      const path = '/types?limit=1000';
      const rows = asObject((await get(path)).body)?.['volume_types'];
      if (!Array.isArray(rows)) throw decodeError(path, 'an answer without "volume_types"');
      const row = rows.map((row) => asObject(row)).find((row) => row?.['name'] === volumeType);
      // What is not said is not private.
      return row && row['is_public'] !== false && row['os-volume-type-access:is_public'] !== false;
    },
    project: session.projectId,
    async isAdmin() {
      await session.endpoint();
      return session.hasRole('admin');
    },
  };
}

/** Cinder itself says that it has no such volume: what stands before it says 404 as well. */
function isGone(error: unknown): boolean {
  return error instanceof OpenStackError && error.details.status === 404 && error.details.fault === 'itemNotFound';
}

/** Cinder's ids are UUIDs; what is put into a path must be nothing else. */
function isId(id: string): boolean {
  return /^[\da-f-]{32,36}$/i.test(id);
}

function volumeOf(row: unknown, nowMs: number, path: string): CanaryVolume {
  const said = asObject(row);
  const id = text(said?.['id']);
  if (!said || !isId(id)) throw decodeError(path, 'a volume without an id');
  const metadata = asObject(said['metadata']);
  const createdAtMs = time(said['created_at']);
  const run = text(metadata?.[RUN]);
  return {
    id,
    status: text(said['status']),
    volumeType: text(said['volume_type']),
    mark: metadata?.[MARK.key] === MARK.value && run !== '' ? { run, owner: text(metadata[OWNER]) } : undefined,
    project: text(said['os-vol-tenant-attr:tenant_id']),
    ageMs: createdAtMs === undefined ? undefined : nowMs - createdAtMs,
    showsHost: text(said['os-vol-host-attr:host']) !== '',
  };
}

function decodeError(path: string, what: string): OpenStackError {
  const [url = path] = path.split('?');
  return new OpenStackError(`${url}: ${what}`, { reason: 'decode', operation: OPERATION, url });
}
