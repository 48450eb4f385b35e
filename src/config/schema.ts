import * as z from 'zod';
import { cronProblem } from './cron.ts';
import { mapping, refuse } from './problems.ts';
import { DAY, formatDuration, HOUR, MINUTE, parseDuration, SECOND } from '../duration.ts';
import { formatSize, parseSize } from './size.ts';

/** What the documentation prints about a key, beside its description. */
interface KeyMeta {
  /** The type and its bounds, in words. */
  readonly type: string;
  /** The default in words; undefined: the key is required or has none. */
  readonly default?: string;
}

declare module 'zod' {
  interface GlobalMeta {
    /** Set by the functions of this file: read by the generator of docs/configuration.md. */
    key?: KeyMeta;
  }
}

function meta(description: string, type: string, fallback: string | undefined): { description: string; key: KeyMeta } {
  return { description, key: fallback === undefined ? { type } : { type, default: fallback } };
}

/** A duration within bounds, in milliseconds; `fallback` is only what the documentation says. */
function duration(minMs: number, maxMs: number, fallback: string | undefined, description: string) {
  const type = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const expected = `${type}, such as 30s or 1m30s`;
  return z
    .string({ error: expected })
    .transform((text, context) => inBounds(parseDuration(text), minMs, maxMs, expected, context))
    .meta(meta(description, type, fallback));
}

/** A size within bounds, in bytes. */
function size(minBytes: number, maxBytes: number, fallback: string, description: string) {
  const type = `a size from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  const expected = `${type}, such as 64MiB`;
  return z
    .string({ error: expected })
    .transform((text, context) => inBounds(parseSize(text), minBytes, maxBytes, expected, context))
    .meta(meta(description, type, fallback));
}

/** A whole number within bounds. */
function count(min: number, max: number, fallback: number, description: string) {
  const type = `a whole number from ${min} to ${max}`;
  return z
    .int({ error: type })
    .min(min, { error: type })
    .max(max, { error: type })
    .meta(meta(description, type, String(fallback)));
}

function flag(fallback: boolean, description: string) {
  const type = 'true or false';
  return z.boolean({ error: type }).meta(meta(description, type, String(fallback)));
}

/** A text whose check answers what was expected instead, or undefined when it is right. */
function text(type: string, check: (text: string) => boolean, fallback: string | undefined, description: string) {
  return z
    .string({ error: type })
    .refine(check, { error: type })
    .meta(meta(description, type, fallback));
}

function inBounds(value: number | undefined, min: number, max: number, expected: string, context: z.RefinementCtx) {
  return value !== undefined && value >= min && value <= max ? value : refuse(context, expected);
}

const CANARY_BACKEND = 'a backend, such as host@backend, or several';
/** A round in two minutes: with more, a type would have one less often than twice a day. */
const MAX_CANARY_TYPES = 100;

const KIB = 1024;
const GIB = 1024 ** 3;

const timeouts = mapping({
  request: duration(
    100,
    10 * MINUTE,
    '10s',
    'A whole request that needs no scheduler: connecting, sending, and the last byte of the answer.',
  ).optional(),
  scheduler_patience: duration(
    100,
    10 * MINUTE,
    '10s',
    'How long a refresh waits for an answer that needs a Cinder scheduler. Then it goes on without. The request itself stays open, and no second one is sent beside it.',
  ).optional(),
  scheduler: duration(
    SECOND,
    HOUR,
    '3m',
    'Longest time for such a request. Keep it above 172 s: with a stopped message bus Cinder works on an abandoned request for up to that long, and they would pile up.',
  ).optional(),
});

const collectors = mapping({
  pools: flag(
    true,
    "Read the scheduler's pools (`GET /scheduler-stats/get_pools?detail=true`): driver stats and capacities. The price of `false` is above.",
  ).optional(),
  volume_types: flag(
    true,
    'Read now and then which backends can serve which volume type. Needs a user who sees all extra specs. For another user the collector fails and says so.',
  ).optional(),
  volumes: flag(
    true,
    'Count, slowly, the volumes of each backend that are in use and available, and the volumes, snapshots and backups that are in error or under way (`limit=0&with_count=true`, from microversion 3.45): fewer than ten requests a minute.',
  ).optional(),
  capabilities: flag(
    true,
    'Ask each cinder-volume about once a minute whether it answers (`GET /capabilities/{host}`), one after the other. Needs `pools`; an administrator, or the rule `volume_extension:capabilities`. Only who leaves two questions in a row unanswered is asked about further: what is under way on it (`GET /volumes`, `GET /snapshots`).',
  ).optional(),
  operations: flag(
    false,
    'Read, slowly, the newest volumes, what is under way on volumes, and why creations failed (`GET /volumes/detail`, `GET /messages`): fewer than ten requests a minute, about five as a rule. Off by default: with 100,000 volumes each takes Cinder up to 0.8 s (median), and what it finds is evidence that is still being measured. Best from microversion 3.60. Its failure is on the status page and in the log. If it lasts, it is a ticket.',
  ).optional(),
});

/** How long an operation may last: long enough for every cloud that is well, short enough that somebody looks the same day. */
function limit(fallback: string, description: string) {
  return duration(MINUTE, 7 * DAY, fallback, description).optional();
}

const operationLimits = mapping({
  creating: limit('30m', '`creating` of nothing, as far as the row tells.'),
  creating_from: limit('4h', '`creating` from a snapshot, a volume or an image.'),
  deleting: limit('4h', '`deleting`.'),
  extending: limit('30m', '`extending`.'),
  attaching: limit('30m', '`attaching`. Usually a dead nova-compute.'),
  detaching: limit('30m', '`detaching`. Usually a dead nova-compute.'),
  managing: limit('30m', '`managing`.'),
  downloading: limit('4h', '`downloading`: an image is copied to the volume.'),
  uploading: limit('12h', '`uploading`: the volume is copied to an image.'),
  backing_up: limit('1d', '`backing-up`.'),
  restoring: limit(
    '1d',
    '`restoring-backup`; and `creating` of nothing while a backup is restored anywhere, which may be to a new volume.',
  ),
  retyping: limit('3d', '`retyping`.'),
  migration: limit('3d', '`maintenance`: an available volume is migrated.'),
});

const limits = mapping({
  max_body: size(
    KIB,
    GIB,
    '256MiB',
    'Longest answer that is read, after decompression. A longer one fails the request. When a control group limits the memory (a container, `MemoryMax=`), the default is an eighth of it, at most 256MiB. A login, a version document or a page of volume types may have 4MiB at most.',
  ).optional(),
  max_rows: count(
    1,
    10_000_000,
    200_000,
    'Most rows of one list that are used. When a control group limits the memory, the default is one for every 10KiB, at most 200000: 26214 of 256MiB, 52428 of 512MiB. The rest, and any row longer than 256KiB or nested deeper than 100 levels, is counted as rejected.',
  ).optional(),
  max_label_length: count(
    255,
    65_536,
    1024,
    "Longest label value, in characters. A longer one is cut and counted. Cinder's own names are 255 characters at most, so that they are never cut.",
  ).optional(),
});

const settings = {
  interval: duration(
    SECOND,
    DAY,
    '30s',
    'Time between two refreshes; the first is at once. Not together with `schedule`.',
  ).optional(),
  schedule: text(
    'a node-cron expression of 5 or 6 fields',
    (expression) => cronProblem(expression) === undefined,
    undefined,
    'Refresh at these times instead (UTC): second (may be left out), minute, hour, day of month, month, day of week. Steps must divide their field evenly.',
  ).optional(),
  max_random_delay: duration(
    0,
    10 * MINUTE,
    'a tenth of the interval, at most 5s',
    'Each refresh but the first waits a random time up to this, so that replicas do not ask in the same second. At most half the interval.',
  ).optional(),
  timeouts: timeouts.optional(),
  stale_after: duration(
    SECOND,
    7 * DAY,
    'the larger of 5m and 5 intervals',
    'Driver stats, or the last result of a failing collector, that are older no longer count. At least the interval.',
  ).optional(),
  collectors: collectors.optional(),
  operation_limits: operationLimits.optional(),
  volume_types_interval: duration(SECOND, 7 * DAY, '10m', 'Time between two readings of the volume types.').optional(),
  limits: limits.optional(),
} as const;

/** The settings of `defaults`, all optional. */
const defaultsSchema = mapping(settings);

/** A volume type's value in `canary.volume_types` when it has more backends than one. */
export const SEVERAL_BACKENDS = 'several';

const IMAGE_ID = 'the id of an image, a UUID';
const CONNECTOR = 'what a host says of itself as os-brick has it: a mapping with host, and initiator, wwpns or nqn';

/** Off without this: attaching may leave a host on the array. */
const attach = mapping({
  connector: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], { error: CONNECTOR }), {
      error: CONNECTOR,
    })
    .refine(({ host, ...more }) => typeof host === 'string' && host !== '' && Object.keys(more).length > 0, {
      error: CONNECTOR,
    })
    .meta(
      meta(
        'The volume is exported to this connector in each round, and no longer exported then. Nobody connects to it. Take a host that volumes are attached to anyway, or the array may keep a host of its own for it.',
        CONNECTOR,
        undefined,
      ),
    ),
  allow_zoning: flag(
    false,
    'Needed for a connector with `wwpns` or `wwnns`: on Fibre Channel each round may write zones to the fabric.',
  ).optional(),
}).refine(({ connector, allow_zoning: allowed }) => allowed || !Object.keys(connector).some(isPort), {
  path: ['allow_zoning'],
  error: 'true, because the connector has wwpns or wwnns: on Fibre Channel a round may write zones to the fabric',
});

function isPort(key: string): boolean {
  return /^ww[np]n/i.test(key);
}

/** The canary of one cloud: there is none without this, and none for every cloud. */
const canary = mapping({
  os_cloud: text(
    'the name of a cloud in clouds.yaml',
    (name) => name !== '' && name.length <= 256,
    undefined,
    'The entry of clouds.yaml that the canary logs in with. It must not be the entry of the cloud itself, but a plain member of a project that was made for it.',
  ),
  volume_types: z
    .record(
      z.string().min(1, { error: 'the name of a volume type' }).max(255, { error: 'the name of a volume type' }),
      z
        .string({ error: CANARY_BACKEND })
        .refine((name) => name === SEVERAL_BACKENDS || /^[^\s#]{1,255}$/.test(name), { error: CANARY_BACKEND }),
      { error: 'a mapping of volume types to their backends' },
    )
    .refine((types) => Object.keys(types).length > 0 && Object.keys(types).length <= MAX_CANARY_TYPES, {
      error: `1 to ${MAX_CANARY_TYPES} volume types`,
    })
    .meta(
      meta(
        'The volume types of which volumes are made, each with the backend that it is for (`host@backend` or `cluster@backend`, as in `cinder_backend_state{host}`). What happens to such a volume says how that backend is, so the type must be private and lead to no other. `several`: the type has more backends, and judges none.',
        `a mapping of 1 to ${MAX_CANARY_TYPES} volume types to their backends`,
        undefined,
      ),
    ),
  interval: duration(
    5 * MINUTE,
    7 * DAY,
    '30m',
    'Time between two rounds of a volume type. A cloud has 30 rounds an hour at most: with more types than fit the time becomes longer.',
  ).optional(),
  pause_file: text(
    'the path of a file that begins with /',
    (path) => path.startsWith('/') && !path.includes('\0'),
    undefined,
    'While this file exists no round begins. `cinder-exporter canary --pause` makes it, `--resume` removes it.',
  ).optional(),
  snapshot: flag(false, 'Make a snapshot of the volume in each round as well, and delete it.').optional(),
  image: text(
    IMAGE_ID,
    (id) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id),
    undefined,
    "Make the volume from this image, a tiny one that the canary's project may use: cinder-volume then writes to the volume over its own data path. Where the driver clones images it proves nothing more.",
  ).optional(),
  attach: attach.optional(),
});

/** The settings of one cloud. */
export const cloudSchema = mapping({
  os_cloud: text(
    'the name of a cloud in clouds.yaml',
    (name) => name !== '' && name.length <= 256,
    'the name of this entry',
    'The entry of clouds.yaml to log in with. `envvars` takes the `OS_*` variables.',
  ).optional(),
  ...settings,
  canary: canary.optional(),
});

/** The names a cloud can have: they are part of URLs and logs. */
export const CLOUD_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
export const CLOUD_NAME_TEXT = 'a name of at most 63 letters, digits, ".", "_", "@" and "-"';

/** Most clouds that one process watches. */
export const MAX_CLOUDS = 1000;

/** The whole file, as written: every duration in milliseconds, every size in bytes, nothing filled in. */
export const fileSchema = mapping({
  clouds: z
    .record(z.string(), cloudSchema, { error: 'a mapping' })
    .meta({
      description:
        'The clouds to watch, by the name they have in `/probe?cloud=NAME`. A name with nothing below it takes every default. Without `clouds`: the one cloud that `OS_CLOUD` or the `OS_*` variables name.',
    })
    .optional(),
  defaults: defaultsSchema
    .meta({ description: 'Settings for every cloud that does not say otherwise: the same keys but `os_cloud`.' })
    .optional(),
  grafana_url: text(
    'a URL beginning with http:// or https://, without a user',
    isWebUrl,
    undefined,
    'Base URL of Grafana, for links on the status page.',
  ).optional(),
  runbook_url: text(
    'a URL beginning with http:// or https://, without a user',
    isWebUrl,
    undefined,
    'Where your runbooks are, for links on the status page; `/ALERT.md` is appended. Without it: the shipped ones, which the exporter serves at `/runbooks/`.',
  ).optional(),
});

export type FileSettings = z.output<typeof fileSchema>;
export type FileDefaults = z.output<typeof defaultsSchema>;
export type FileCloud = z.output<typeof cloudSchema>;

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
