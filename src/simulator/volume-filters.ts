import { BOOTABLE_FILTER, type CinderCall, RESOURCE_FILTER, atLeast } from './cinder-call.ts';
import { Fault } from './cinder-fault.ts';
import { columnOf, equals, flagOf, like, type ListParameters, literal } from './listing.ts';
import { newVolume, type VolumeRow } from './volume-rows.ts';

/** What one who is no administrator may filter by, as Cinder ships it: etc/cinder/resource_filters.json. */
const MEMBER_FILTERS: Readonly<Record<string, readonly string[]>> = {
  volume: [
    'name',
    'status',
    'metadata',
    'bootable',
    'migration_status',
    'availability_zone',
    'group_id',
    'size',
    'created_at',
    'updated_at',
    'consumes_quota',
  ],
  snapshot: ['name', 'status', 'volume_id', 'metadata', 'availability_zone', 'consumes_quota'],
  message: ['resource_uuid', 'resource_type', 'event_id', 'request_id', 'message_level'],
  attachment: ['volume_id', 'status', 'instance_id', 'attach_status'],
};

/** Columns by which volumes are filtered and sorted. */
export const VOLUME_COLUMNS: readonly string[] = Object.keys(
  newVolume({
    project_id: '',
    user_id: '',
    created_at: '',
    display_name: null,
    display_description: null,
    size: 0,
    volume_type_id: '',
    snapshot_id: null,
    source_volid: null,
    metadata: {},
    multiattach: false,
    availability_zone: null,
    bootable: false,
  }),
).filter((column) => column !== 'metadata');

/** Other names of filters from 3.31. */
const CONVERTED: Readonly<Record<string, string>> = {
  'name~': 'display_name~',
  'description~': 'display_description~',
  consumes_quota: 'use_quota',
};
const BOOLEANS = ['bootable', 'multiattach', 'use_quota'];
const OPERATORS: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  eq: (a, b) => a === b,
  neq: (a, b) => a !== b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
};

/**
 * From 3.31 a filter that a member may not use is refused; below, it is left out in silence. An administrator may use any name, and one that is no
 * column finds nothing. `all_tenants` of a member is never held against him. Source: cinder/api/common.py, reject_invalid_filters.
 */
export function checkFilters(call: CinderCall, resource: string, filters: ListParameters): void {
  if ([...filters.keys()].some((key) => /[^\0-\x7f]/.test(key))) {
    throw new Fault(400, 'Filter keys can only contain ASCII characters.');
  }
  if (call.admin) return;
  const allowed = MEMBER_FILTERS[resource] ?? [];
  filters.delete('all_tenants');
  const unknown = [...filters.keys()].filter((key) => !allowed.includes(key));
  if (unknown.length > 0) throw new Fault(400, `Invalid filters ${unknown.join(',')} are found in query options.`);
}

/** Leaves out what a member may not filter by: below 3.31. Source: cinder/api/api_utils.py, remove_invalid_filter_options. */
export function dropFilters(call: CinderCall, resource: string, filters: ListParameters): void {
  if (call.admin) return;
  for (const key of filters.keys()) if (!MEMBER_FILTERS[resource]?.includes(key)) filters.delete(key);
}

/** Does a volume fit? */
export type VolumeFilter = (volume: VolumeRow) => boolean;

/** The filters of a list of volumes; throws what Cinder refuses. Source: cinder/api/v3/volumes.py, _get_volumes. */
export function volumeFilter(call: CinderCall, filters: ListParameters): VolumeFilter {
  if (atLeast(call.version, RESOURCE_FILTER)) {
    checkFilters(call, 'volume', filters);
    for (const [from, to] of Object.entries(CONVERTED)) rename(filters, from, to);
  } else {
    for (const key of ['glance_metadata', 'group_id', 'created_at', 'updated_at', 'use_quota']) filters.delete(key);
    dropFilters(call, 'volume', filters);
  }
  rename(filters, 'name', 'display_name');
  if (filters.has('use_quota')) flagOf(filters, 'use_quota');
  const tests = ['created_at', 'updated_at'].flatMap((column) => timeTest(filters, column));
  const strict = atLeast(call.version, BOOTABLE_FILTER);
  for (const key of BOOLEANS) checkBoolean(filters, key, strict);
  const all = call.admin && flagOf(filters, 'all_tenants');
  if (all) filters.delete('all_tenants');
  else tests.push((volume) => volume.project_id === call.project);
  for (const [key, value] of filters) tests.push(testOf(key, value));
  return (volume) => tests.every((test) => test(volume));
}

function rename(filters: ListParameters, from: string, to: string): void {
  const value = filters.get(from);
  if (value === undefined) return;
  filters.delete(from);
  filters.set(to, value);
}

/** From 3.2 only the words for true and false will do; below, everything but `False` is true. */
function checkBoolean(filters: ListParameters, key: string, strict: boolean): void {
  const value = filters.get(key);
  if (value === undefined) return;
  const yes = /^\s*(1|t|true|on|y|yes)\s*$/i.test(value);
  if (strict && !yes && !/^\s*(0|f|false|off|n|no)\s*$/i.test(value)) {
    throw new Fault(400, `Invalid input received: '${key} = ${value}'`);
  }
  const truth = strict ? yes : !['False', 'false', 'FALSE', ''].includes(value);
  filters.set(key, truth ? 'True' : 'False');
}

/** `gt:TIME,lt:TIME`: a row that fits one of the comparisons will do. NULL fits none. Source: cinder/db/sqlalchemy/api.py, _filter_time_comparison. */
function timeTest(filters: ListParameters, column: string): VolumeFilter[] {
  const text = filters.get(column);
  if (text === undefined) return [];
  filters.delete(column);
  const comparisons = text.split(',').map((part) => {
    const [operator = '', ...rest] = part.split(':');
    const compare = OPERATORS[operator];
    if (compare === undefined) throw new Fault(400, `Invalid ${operator} operator`);
    const time = isoTime(rest.join(':'));
    if (time === undefined) throw new Fault(400, `Invalid ${rest.join(':')} value`);
    return (value: string): boolean => compare(value, time);
  });
  return [
    (volume) => {
      const value = column === 'created_at' ? volume.created_at : volume.updated_at;
      return value !== null && comparisons.some((compare) => compare(value));
    },
  ];
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d))?(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** A time as rows have it: UTC, with microseconds. Without a zone it is UTC. */
function isoTime(text: string): string | undefined {
  const match = ISO_TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, date = '', minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const ms = Date.parse(`${date}T${minutes}:${seconds}${offset}`);
  return Number.isNaN(ms)
    ? undefined
    : `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}

/** One filter. A name that is no column fits nothing; metadata must be a dict. Source: cinder/db/sqlalchemy/api.py, _process_volume_filters. */
function testOf(key: string, value: string): VolumeFilter {
  if (key === 'host' || key === 'cluster_name') return hostTest(key, value);
  if (key === 'metadata') {
    const wanted = literal(value);
    if (!(wanted instanceof Map)) return () => false;
    return ({ metadata }) => [...wanted].every(([name, text]) => metadata[name] === String(text));
  }
  const column = key.replace(/~+$/, '');
  if (!VOLUME_COLUMNS.includes(column)) return () => false;
  if (key.endsWith('~')) return (volume) => like(columnOf(volume, column), `%${value}%`);
  // A name is taken as it is, quotes included.
  const wanted = column === 'display_name' ? value : literal(value);
  return (volume) => equals(columnOf(volume, column), wanted);
}

/** `host` finds every backend and pool of it, `host@backend` every pool of that. Source: cinder/db/sqlalchemy/api.py, _filter_host. */
export function hostTest(column: 'host' | 'cluster_name', value: string): VolumeFilter {
  if (value === '') return () => true;
  const ends = value.includes('#') ? [] : value.includes('@') ? ['#'] : ['@', '#'];
  return (volume) => {
    const held = volume[column];
    return held !== null && (held === value || ends.some((end) => held.startsWith(`${value}${end}`)));
  };
}
