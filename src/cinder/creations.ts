import type { Decoded } from './rows.ts';
import { decodeRows } from './rows.ts';
import { asObject, type Cutter, number, text, time, word } from './wire.ts';
import { beginning } from '../text.ts';

/** A volume as a list with details shows it. Times by Cinder's clock, in milliseconds since the epoch. */
export interface SeenVolume {
  readonly id: string;
  readonly status: string;
  readonly volumeType: string;
  /** `host@backend`, without its pool; undefined: the scheduler has chosen none, it was cleared, or the policy hides it. */
  readonly host: string | undefined;
  readonly project: string;
  /** In GiB. */
  readonly size: number | undefined;
  /** Made of nothing, as far as the row tells: an image shows only once it is copied, a backup never. */
  readonly raw: boolean;
  /** Made from an image, which shows once it is copied. */
  readonly image: boolean;
  readonly createdAtMs: number;
  /** undefined: never saved again since it was made. */
  readonly updatedAtMs: number | undefined;
}

/** Why a creation failed, as its message says. `driver`: the driver raised, told of raw volumes alone. `no_backend`: the scheduler found none. */
type FailureReason = 'driver' | 'no_backend';

/** What Cinder told a user of a creation that failed. One request may have several. */
export interface CreationMessage {
  readonly id: string;
  readonly requestId: string;
  readonly volumeId: string;
  /** undefined: it is about something else. */
  readonly reason: FailureReason | undefined;
  readonly atMs: number;
}

/** Source: cinder/message/message_field.py. */
const REASONS: ReadonlyMap<string, FailureReason> = new Map([
  ['VOLUME_VOLUME_008_012', 'driver'],
  ['VOLUME_VOLUME_001_003', 'no_backend'],
]);

/** So many of a list are read at once. Cinder's own limit is 1000. */
export const PAGE = 200;
/** Longer than a UUID, and than any request id. */
const MAX_ID = 64;

/** The newest volumes, below the endpoint; only those made after `sinceMs`, which Cinder knows from 3.60 on. */
export function newestVolumesPath(sinceMs: number | undefined): string {
  const since = sinceMs === undefined ? '' : `&created_at=gt:${cinderTime(sinceMs)}`;
  return `/volumes/detail?all_tenants=1&sort=created_at:desc&limit=${PAGE}${since}`;
}

/** The newest messages about volumes; `like`: Cinder knows the operator `~` (3.34). */
export function messagesPath(like: boolean): string {
  return `/messages?sort=created_at:desc&limit=${PAGE}${like ? '&event_id~=VOLUME_VOLUME_00' : ''}`;
}

/** A time as filters of Cinder take it: UTC, without a zone. */
export function cinderTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** A page of `GET /volumes/detail`; undefined: it is none. */
export function decodeVolumes(body: unknown, cut: Cutter): Decoded<SeenVolume> | undefined {
  return decodeRows(
    body,
    {
      listKey: 'volumes',
      decode: (row) => decodeVolume(row, cut),
      key: ({ id }: SeenVolume) => id,
      timeMs: () => undefined,
    },
    PAGE,
  );
}

function decodeVolume(row: unknown, cut: Cutter): SeenVolume | string {
  const said = asObject(row);
  const id = text(said?.['id']);
  const createdAtMs = time(said?.['created_at']);
  if (!said || id === '' || id.length > MAX_ID) return 'a volume has no "id"';
  if (createdAtMs === undefined) return 'a volume has no "created_at"';
  const where = word(said['os-vol-host-attr:host']);
  const host = where && beginning(where, `${where}#`.indexOf('#'));
  const isCopy = Boolean(said['snapshot_id'] || said['source_volid']);
  const hasImage = Boolean(said['volume_image_metadata']);
  return {
    id,
    status: beginning(text(said['status']), MAX_ID),
    volumeType: cut.identity(text(said['volume_type'])),
    host: host === undefined ? undefined : cut.identity(host),
    project: beginning(text(said['os-vol-tenant-attr:tenant_id']), MAX_ID),
    size: number(said['size']),
    raw: !isCopy && !hasImage,
    // A copy inherits it.
    image: hasImage && !isCopy,
    createdAtMs,
    updatedAtMs: time(said['updated_at']),
  };
}

/** A page of `GET /messages`; undefined: it is none. */
export function decodeMessages(body: unknown): Decoded<CreationMessage> | undefined {
  return decodeRows(
    body,
    { listKey: 'messages', decode: decodeMessage, key: ({ id }: CreationMessage) => id, timeMs: () => undefined },
    PAGE,
  );
}

function decodeMessage(row: unknown): CreationMessage | string {
  const said = asObject(row);
  const [id, requestId] = [text(said?.['id']), text(said?.['request_id'])];
  const atMs = time(said?.['created_at']);
  if (!said || id === '' || requestId === '' || id.length > MAX_ID || requestId.length > MAX_ID || atMs === undefined)
    return 'a message has no "id", "request_id" or "created_at"';
  return {
    id,
    requestId,
    volumeId: beginning(text(said['resource_uuid']), MAX_ID),
    reason: REASONS.get(text(said['event_id'])),
    atMs,
  };
}

/** Statuses that only a volume has that was made. */
const MADE: ReadonlySet<string> = new Set([
  'available',
  'in-use',
  'attaching',
  'detaching',
  'reserved',
  'uploading',
  'backing-up',
  'retyping',
  'extending',
  'maintenance',
  'awaiting-transfer',
]);
/** Neither made nor given up. */
const UNDER_WAY: ReadonlySet<string> = new Set(['creating', 'downloading']);

/** A request for a volume that failed, and what is known of the volume. */
export interface Failure {
  readonly requestId: string;
  readonly reason: FailureReason;
  readonly atMs: number;
  /** undefined: its row was never seen. */
  readonly volume: Creation | undefined;
}

/** A volume from its first sight on. */
export interface Creation {
  readonly volumeType: string;
  readonly project: string;
  /** In GiB. */
  readonly size: number | undefined;
  readonly raw: boolean;
  readonly image: boolean;
  readonly createdAtMs: number;
  /** Where it was while it was `creating` or `downloading`. */
  readonly triedOn: ReadonlySet<string>;
  /** When it was made, and where; undefined: not, or not seen. */
  readonly made: { readonly host: string; readonly atMs: number } | undefined;
}

/** A number of creations that were seen since the start of the exporter. */
export interface CreationCount {
  readonly volumeType: string;
  readonly count: number;
}

export interface FailureCount extends CreationCount {
  readonly reason: FailureReason;
}

/** All that the lists of the newest volumes and messages told. */
export interface CreationsSeen {
  /** By host of cinder-volume: when the last volume was made there. */
  readonly lastMade: ReadonlyMap<string, number>;
  readonly made: readonly CreationCount[];
  readonly failed: readonly FailureCount[];
  /** Failures and creations of the last half hour; a failure from the next look at the volumes on. */
  readonly failures: readonly Failure[];
  readonly recent: readonly Creation[];
  /** Both lists were seen whole within that time, and the last look at each came to something, so that what is not among them was not. */
  readonly whole: boolean;
}

/** The lists that tell of creations. */
export type CreationsList = 'volumes' | 'messages';

/** Keeps what was seen of creations. Nothing here grows beyond its bound, whatever a cloud sends. Times by Cinder's clock. */
export interface Creations {
  /** By host of cinder-volume: when the last volume was made there. */
  readonly lastMade: ReadonlyMap<string, number>;
  /** Volumes made since then are of interest. undefined: all are. */
  readonly sinceMs: () => number | undefined;
  /** `full`: the page has as many rows as were asked for. */
  readonly saw: (volumes: readonly SeenVolume[], how: { readonly nowMs: number; readonly full: boolean }) => void;
  readonly told: (
    messages: readonly CreationMessage[],
    how: { readonly nowMs: number; readonly full: boolean },
  ) => void;
  /** A look at this list failed: what it would have told is not known until the next. */
  readonly missed: (list: CreationsList) => void;
  readonly seen: (nowMs: number) => CreationsSeen;
}

/** So far back failures are weighed. */
export const WINDOW_MS = 30 * 60_000;
/** A creation under way is looked for again for so long, so that its end is seen. */
const FOLLOWED_MS = 60 * 60_000;
/** Of each kind so many are remembered, the newest. */
const MAX_REMEMBERED = 2000;
const MAX_LABELS = 1000;
/** A host more than there are backends of a cloud. */
const MAX_HOSTS = 20_000;

interface Tracked extends Creation {
  readonly underWay: boolean;
}

interface Told extends Omit<Failure, 'volume'> {
  readonly volumeId: string;
  readonly counted: boolean;
  /** The volumes were not read since: its own may be there, and one that was made after it. */
  readonly fresh: boolean;
}

export function createCreations(): Creations {
  let volumes = new Map<string, Tracked>();
  /** By request and reason. */
  let failures = new Map<string, Told>();
  let messageIds = new Set<string>();
  const lastMade = new Map<string, number>();
  const made = new Map<string, number>();
  const failed = new Map<string, FailureCount>();
  let newestMs: number | undefined;
  let looked = false;
  let heard = false;
  const unread = new Set<CreationsList>();
  /** When a page was last too short for all that was new. */
  let cutShortMs = -Infinity;

  /** From 0 on, so that an increase counts the first one too. */
  const count = (volumeType: string, by: 0 | 1): void => {
    if (made.has(volumeType) || made.size < MAX_LABELS) made.set(volumeType, (made.get(volumeType) ?? 0) + by);
  };

  function countFailure(volumeType: string, reason: FailureReason): void {
    const key = JSON.stringify([volumeType, reason]);
    const before = failed.get(key);
    if (before || failed.size < MAX_LABELS) failed.set(key, { volumeType, reason, count: (before?.count ?? 0) + 1 });
  }

  /** Failures whose volume is known by now are counted for its type. */
  function countKnown(): void {
    for (const [key, failure] of failures) {
      const volume = failure.counted ? undefined : volumes.get(failure.volumeId);
      if (!volume) continue;
      countFailure(volume.volumeType, failure.reason);
      failures.set(key, { ...failure, counted: true });
    }
  }

  return {
    lastMade,
    sinceMs() {
      const open = [...volumes.values()].filter(({ underWay }) => underWay).map(({ createdAtMs }) => createdAtMs);
      const followed = newestMs === undefined ? [] : open.filter((atMs) => atMs > (newestMs ?? 0) - FOLLOWED_MS);
      return newestMs === undefined ? undefined : Math.min(newestMs, ...followed) - 1000;
    },
    saw(rows, { nowMs, full }) {
      // That an older one which is followed is not on a full page loses its end, and nothing that is new.
      if (looked && full && !rows.some(({ id }) => volumes.has(id))) cutShortMs = nowMs;
      const oldestMs = nowMs - FOLLOWED_MS - WINDOW_MS;
      for (const row of rows) {
        count(row.volumeType, 0);
        const before = volumes.get(row.id);
        const underWay = UNDER_WAY.has(row.status);
        const tried = underWay && row.host !== undefined ? [row.host] : [];
        // Who was seen under way has ended since the look before; of the others only their beginning is known.
        const atMs = before?.underWay
          ? Math.max(row.createdAtMs, Math.min(nowMs, row.updatedAtMs ?? nowMs))
          : row.createdAtMs;
        const isMade = MADE.has(row.status) && row.host !== undefined;
        const after = before?.made ?? (isMade ? { host: row.host ?? '', atMs } : undefined);
        if (!before?.made && after) {
          // One that is older than what is remembered may have been counted before.
          if (looked && row.createdAtMs > oldestMs) count(row.volumeType, 1);
          const last = lastMade.get(after.host);
          if (last !== undefined || lastMade.size < MAX_HOSTS)
            lastMade.set(after.host, Math.max(last ?? -Infinity, after.atMs));
        }
        volumes.set(row.id, {
          volumeType: row.volumeType,
          project: row.project,
          size: row.size,
          raw: row.raw && before?.raw !== false,
          image: row.image,
          createdAtMs: row.createdAtMs,
          triedOn: new Set([...(before?.triedOn ?? []), ...tried].slice(-8)),
          made: after,
          underWay,
        });
        newestMs = Math.max(newestMs ?? -Infinity, row.createdAtMs);
      }
      // A volume from the future would hide all that follow.
      newestMs = Math.min(newestMs ?? nowMs, nowMs);
      volumes = newest(volumes, ({ createdAtMs }) => createdAtMs, oldestMs);
      for (const [key, failure] of failures) if (failure.fresh) failures.set(key, { ...failure, fresh: false });
      countKnown();
      looked = true;
      unread.delete('volumes');
    },
    told(rows, { nowMs, full }) {
      if (heard && full && !rows.some(({ id }) => messageIds.has(id))) cutShortMs = nowMs;
      for (const { requestId, volumeId, reason, atMs } of rows) {
        const key = `${requestId} ${reason}`;
        if (reason === undefined || failures.has(key) || atMs < nowMs - FOLLOWED_MS) continue;
        // What was told before the exporter looked for the first time is weighed, and not counted.
        failures.set(key, { requestId, volumeId, reason, atMs, counted: !heard, fresh: true });
      }
      messageIds = new Set(rows.map(({ id }) => id));
      failures = newest(failures, ({ atMs }) => atMs, nowMs - FOLLOWED_MS);
      countKnown();
      heard = true;
      unread.delete('messages');
    },
    missed(list) {
      unread.add(list);
    },
    seen(nowMs) {
      const sinceMs = nowMs - WINDOW_MS;
      return {
        lastMade,
        made: [...made].map(([volumeType, count]) => ({ volumeType, count })),
        failed: [...failed.values()],
        failures: [...failures.values()]
          .filter(({ atMs, fresh }) => atMs > sinceMs && !fresh)
          .map(({ requestId, reason, atMs, volumeId }) => ({ requestId, reason, atMs, volume: volumes.get(volumeId) })),
        recent: [...volumes.values()].filter(({ made }) => made && made.atMs > sinceMs),
        whole: looked && heard && unread.size === 0 && cutShortMs <= sinceMs,
      };
    },
  };
}

/** Those younger than this, of too many the youngest. */
function newest<T>(all: Map<string, T>, atMs: (one: T) => number, sinceMs: number): Map<string, T> {
  const young = [...all].filter(([, one]) => atMs(one) > sinceMs);
  if (young.length <= MAX_REMEMBERED) return new Map(young);
  return new Map(young.toSorted(([, a], [, b]) => atMs(b) - atMs(a)).slice(0, MAX_REMEMBERED));
}
