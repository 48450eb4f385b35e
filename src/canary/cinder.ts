import { asObject, text, time } from '../cinder/wire.ts';
import type { Clock } from '../clock.ts';
import type { Connector } from '../config/config.ts';
import { SECOND } from '../duration.ts';
import { parseJson, serverTime } from '../openstack/answer.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { withoutSecrets } from '../openstack/request.ts';
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

/** A snapshot of a volume in the canary's project. */
export interface CanarySnapshot {
  readonly id: string;
  readonly status: string;
  readonly volumeId: string;
  /** undefined: it is not the canary's. */
  readonly run: string | undefined;
  readonly project: string;
}

/** An attachment of a volume. */
interface CanaryAttachment {
  readonly id: string;
  readonly volumeId: string;
  /** A server has the volume: it is not the canary's. */
  readonly hasServer: boolean;
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
  /** Asks once for a volume of 1 GiB, of an image or of nothing; its id. */
  readonly create: (volumeType: string, run: string, image?: string) => Promise<string>;
  readonly remove: (id: string) => Promise<void>;
  /** Asks once for a snapshot; its id. */
  readonly snapshot: (volumeId: string, run: string) => Promise<string>;
  /** undefined: there is none of that id. */
  readonly showSnapshot: (id: string) => Promise<CanarySnapshot | undefined>;
  readonly snapshotsOf: (volumeId: string) => Promise<readonly CanarySnapshot[]>;
  readonly removeSnapshot: (id: string) => Promise<void>;
  /** Asks once that the volume is exported to a connector, and waits for the driver. */
  readonly attach: (volumeId: string, connector: Connector) => Promise<void>;
  readonly attachmentsOf: (volumeId: string) => Promise<readonly CanaryAttachment[]>;
  readonly detach: (attachmentId: string) => Promise<void>;
  /** What Cinder tells its user of that volume or snapshot; nothing where it has no such list. */
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
/** Cinder's `osapi_max_limit`. Each row of a list may bring requests. */
const MOST_ROWS = 1000;
/** Of one volume or snapshot; a volume of the canary has three at most. */
const MOST_MESSAGES = 100;

/** What has no version of its own works at the first. Messages came with 3.3, and their filter with 3.5. */
const VOLUMES = { 'openstack-api-version': 'volume 3.0' };
const MESSAGES = { 'openstack-api-version': 'volume 3.5' };
const ATTACHMENTS = { 'openstack-api-version': 'volume 3.27' };

/** The API waits for the driver, a minute at most (`rpc_response_timeout`). What is longer is its own. */
export const ATTACH_TIMEOUT_MS = 100 * SECOND;

export function createWire(
  session: WritingSession,
  owner: string,
  timeoutMs: number,
  { wall }: Pick<Clock, 'wall'>,
): CanaryWire {
  /** `shown`: words of the answer as they may be shown. */
  async function get(
    path: string,
    headers = VOLUMES,
  ): Promise<{ readonly body: unknown; readonly nowMs: number; readonly shown: (words: string) => string }> {
    const { request, answer } = await session.get({ operation: OPERATION, path, headers, timeoutMs });
    const shown = (words: string): string => withoutSecrets(request, words);
    return { body: parseJson(request, answer), nowMs: serverTime(answer) ?? wall(), shown };
  }

  /** Asks once for a thing; its id. */
  async function post(
    path: string,
    what: string,
    thing: object,
    headers: typeof VOLUMES = VOLUMES,
    withinMs = timeoutMs,
  ): Promise<string> {
    const body = { [what]: thing };
    const asked = { operation: OPERATION, path, headers, method: 'POST', body, timeoutMs: withinMs } as const;
    const { request, answer } = await session.write(asked);
    const id = text(asObject(asObject(parseJson(request, answer))?.[what])?.['id']);
    if (!isId(id)) throw decodeError(path, `an answer without the id of the ${what}`);
    return id;
  }

  /** What is gone already is no trouble. */
  async function remove(path: string, headers = VOLUMES, withinMs = timeoutMs): Promise<void> {
    await unlessGone(() =>
      session.write({ operation: OPERATION, path, headers, method: 'DELETE', timeoutMs: withinMs }),
    );
  }

  /** One way of asking, page by page. */
  async function pages(query: Readonly<Record<string, string>>): Promise<readonly CanaryVolume[]> {
    const found: CanaryVolume[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const last = found.at(-1)?.id;
      const parameters = { ...query, limit: String(PAGE), ...(last !== undefined && { marker: last }) };
      const path = `/volumes/detail?${new URLSearchParams(parameters).toString()}`;
      const { body, nowMs } = await get(path);
      const rows = rowsOf(body, 'volumes', path);
      for (const row of rows) found.push(volumeOf(row, nowMs, path));
      if (rows.length === 0 || asObject(body)?.['volumes_links'] === undefined) return found;
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
    show: (id) =>
      unlessGone(async () => {
        const path = `/volumes/${encodeURIComponent(id)}`;
        const { body, nowMs } = await get(path);
        return volumeOf(asObject(body)?.['volume'], nowMs, path);
      }),
    create(volumeType, run, image) {
      const metadata = { ...markOf(run), [OWNER]: owner };
      const volume = { name: NAME, size: 1, volume_type: volumeType, metadata, ...(image && { imageRef: image }) };
      return post('/volumes', 'volume', volume);
    },
    remove: (id) => remove(`/volumes/${encodeURIComponent(id)}`),
    snapshot: (volumeId, run) =>
      post('/snapshots', 'snapshot', { volume_id: volumeId, name: NAME, metadata: markOf(run) }),
    showSnapshot: (id) =>
      unlessGone(async () => {
        const path = `/snapshots/${encodeURIComponent(id)}`;
        return snapshotOf(asObject((await get(path)).body)?.['snapshot'], path);
      }),
    async snapshotsOf(volumeId) {
      const path = `/snapshots/detail?${new URLSearchParams({ volume_id: volumeId }).toString()}`;
      const rows = rowsOf((await get(path)).body, 'snapshots', path);
      // A filter that Cinder does not know is left out.
      return rows.map((row) => snapshotOf(row, path)).filter((snapshot) => snapshot.volumeId === volumeId);
    },
    removeSnapshot: (id) => remove(`/snapshots/${encodeURIComponent(id)}`),
    async attach(volumeId, connector) {
      await post(
        '/attachments',
        'attachment',
        { volume_uuid: volumeId, connector },
        ATTACHMENTS,
        Math.max(timeoutMs, ATTACH_TIMEOUT_MS),
      );
    },
    async attachmentsOf(volumeId) {
      const path = `/attachments?${new URLSearchParams({ volume_id: volumeId }).toString()}`;
      const rows = rowsOf((await get(path, ATTACHMENTS)).body, 'attachments', path);
      return rows.map((row) => attachmentOf(row, path)).filter((attachment) => attachment.volumeId === volumeId);
    },
    detach: (id) =>
      remove(`/attachments/${encodeURIComponent(id)}`, ATTACHMENTS, Math.max(timeoutMs, ATTACH_TIMEOUT_MS)),
    async messages(id) {
      const path = `/messages?${new URLSearchParams({ resource_uuid: id }).toString()}`;
      const { body, shown } = await get(path, MESSAGES);
      return rowsOf(body, 'messages', path)
        .map((row) => asObject(row))
        .filter((row) => text(row?.['resource_uuid']) === id)
        .slice(0, MOST_MESSAGES)
        .map((row) => ({ event: text(row?.['event_id']), words: shown(text(row?.['user_message'])) }));
    },
    async isPublic(volumeType) {
      const path = '/types?limit=1000';
      const rows = rowsOf((await get(path)).body, 'volume_types', path);
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

/** undefined: Cinder has no such thing. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** What every volume and snapshot of a round carries. */
function markOf(run: string): Readonly<Record<string, string>> {
  return { [MARK.key]: MARK.value, [RUN]: run };
}

/** The round of marked metadata; undefined: there is no mark. */
function runOf(metadata: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const run = text(metadata?.[RUN]);
  return metadata?.[MARK.key] === MARK.value && run !== '' ? run : undefined;
}

function rowsOf(body: unknown, name: string, path: string): readonly unknown[] {
  const rows = asObject(body)?.[name];
  if (!Array.isArray(rows)) throw decodeError(path, `an answer without "${name}"`);
  if (rows.length > MOST_ROWS) throw decodeError(path, `more than ${MOST_ROWS} rows of "${name}"`);
  return rows;
}

/** Cinder's statuses are small words. What is none is not shown: it could be anything that the cloud knows. */
function statusOf(said: unknown): string {
  const status = text(said);
  return /^[a-z_-]{1,40}$/.test(status) ? status : 'an odd one';
}

function snapshotOf(row: unknown, path: string): CanarySnapshot {
  const said = asObject(row);
  const id = text(said?.['id']);
  if (!said || !isId(id)) throw decodeError(path, 'a snapshot without an id');
  return {
    id,
    status: statusOf(said['status']),
    volumeId: text(said['volume_id']),
    run: runOf(asObject(said['metadata'])),
    project: text(said['os-extended-snapshot-attributes:project_id']),
  };
}

function attachmentOf(row: unknown, path: string): CanaryAttachment {
  const said = asObject(row);
  const id = text(said?.['id']);
  if (!said || !isId(id)) throw decodeError(path, 'an attachment without an id');
  return { id, volumeId: text(said['volume_id']), hasServer: text(said['instance']) !== '' };
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
  const run = runOf(metadata);
  return {
    id,
    status: statusOf(said['status']),
    volumeType: text(said['volume_type']),
    mark: run === undefined ? undefined : { run, owner: text(metadata?.[OWNER]) },
    project: text(said['os-vol-tenant-attr:tenant_id']),
    ageMs: createdAtMs === undefined ? undefined : nowMs - createdAtMs,
    showsHost: text(said['os-vol-host-attr:host']) !== '',
  };
}

function decodeError(path: string, what: string): OpenStackError {
  const [url = path] = path.split('?');
  return new OpenStackError(`${url}: ${what}`, { reason: 'decode', operation: OPERATION, url });
}
