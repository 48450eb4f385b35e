import { fault, notFoundPage, plain } from './answers.ts';
import type { Ask, Case, Expected, Kept, Step } from './case.ts';
import type { Who } from './cloud.ts';
import { keys, named } from './pattern.ts';
import type { Pattern } from './pattern.ts';

const volumes = '/volumes';
const UNKNOWN = '8bdda77f-3a2d-43c5-a2c5-6f5d4ab8d4b0';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

const created = [
  'id status size availability_zone created_at updated_at name description volume_type snapshot_id source_volid metadata',
  'links user_id bootable encrypted replication_status consistencygroup_id multiattach attachments',
].flatMap((names) => names.split(' '));
const shown = [...created, 'os-vol-tenant-attr:tenant_id'];
const ofAdmin = [
  'migration_status',
  'os-vol-mig-status-attr:migstat',
  'os-vol-mig-status-attr:name_id',
  'os-vol-host-attr:host',
];
const since365 = 'group_id provider_id shared_targets service_uuid cluster_name volume_type_id consumes_quota'.split(
  ' ',
);

/** Makes a volume as a member, and keeps its id. */
const make = (volume: Record<string, unknown>, arrange?: Step['arrange']): Step => ({
  ...(arrange ? { arrange } : {}),
  ask: { method: 'POST', path: volumes, as: 'member', body: { volume } },
  expect: { status: 202, json: { volume: { status: 'creating', updated_at: null } } },
  keep: 'volume',
});
const path = (kept: Kept): string => `${volumes}/${kept.get('volume')}`;
/** What an administrator sees of it, sooner or later. */
const becomes = (expected: Pattern, microversion = '3.61'): Step => ({
  ask: (_, kept) => ({ path: path(kept), microversion }),
  expect: { status: 200, json: { volume: expected } },
});
const inState = (status: string, host: Pattern): Step => becomes({ status, 'os-vol-host-attr:host': host });
const remove = (expect: Expected, as: Who = 'member', query = ''): Step => ({
  ask: (_, kept) => ({ method: 'DELETE', path: `${path(kept)}${query}`, as }),
  expect,
});
const change = (body: unknown, expect: Expected, microversion = '3.0'): Step => ({
  ask: (_, kept) => ({ method: 'PUT', path: path(kept), as: 'member', body, microversion }),
  expect,
});
const act = (action: string, expect: Expected): Step => ({
  ask: (_, kept) => ({ method: 'POST', path: `${path(kept)}/action`, as: 'member', body: { [action]: {} } }),
  expect,
});
const gone: Step = {
  ask: (_, kept) => ({ path: path(kept), as: 'member' }),
  expect: fault(404, 'itemNotFound', /^Volume [0-9a-f-]{36} could not be found\.$/),
};
const accepted: Expected = { status: 202 };
const notDeletable = fault(
  400,
  'badRequest',
  /^Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer\.$/,
);
const story = (name: string, ...steps: readonly Step[]): Case => ({ name: `volume: ${name}`, steps });
const single = /^lab@single#single$/;

const refuse = (name: string, volume: unknown, kind: string, status: number, message: RegExp): Case =>
  plain(
    `volume: refused, ${name}`,
    { method: 'POST', path: volumes, as: 'member', body: { volume } },
    fault(status, kind, message),
  );
const malformed = (name: string, volume: unknown, message: RegExp): Case =>
  refuse(name, volume, 'badRequest', 400, message);
const invalid = (name: string, volume: Record<string, unknown>, message: string): Case =>
  malformed(name, volume, new RegExp(`^Invalid input for field/attribute ${message}$`));

const lists = (name: string, query: string, expect: Expected, more: Partial<Ask> = {}): Case =>
  plain(`volumes: ${name}`, { path: `${volumes}${query}`, ...more }, expect);
const none: Expected = { status: 200, json: { volumes: [] } };
const refusedList = (message: RegExp): Expected => fault(400, 'badRequest', message);
const unknownFilter = (names: string): Expected =>
  refusedList(new RegExp(`^Invalid filters ${names} are found in query options\\.$`));

/** How a volume of two gigabytes is found in lists, by the kept id. */
const found = (query: string, more: Partial<Ask> = {}): Step => ({
  ask: { path: `${volumes}/detail?${query}`, ...more },
  expect: { status: 200, json: { volumes: named('with a volume', (rows) => Array.isArray(rows) && rows.length > 0) } },
});
const notFound = (query: string, more: Partial<Ask> = {}): Step => ({
  ask: { path: `${volumes}?${query}`, ...more },
  expect: none,
});
const count = (query: string, expected: Pattern, microversion = '3.45'): Step => ({
  ask: { path: `${volumes}?limit=0&with_count=true&${query}`, microversion },
  expect: { status: 200, json: { volumes: [], count: expected } },
});

/** Volumes: how they come and go, where they land, what a failure leaves behind, and how they are listed. */
export const VOLUME_CASES: readonly Case[] = [
  story(
    'a member makes one and deletes it',
    {
      ask: {
        method: 'POST',
        path: volumes,
        as: 'member',
        body: { volume: { size: 2, volume_type: 'plain', name: ' a name ', metadata: { k: 'v' } } },
      },
      expect: { status: 202, json: { volume: keys(...created) } },
      keep: 'volume',
    },
    inState('available', single),
    {
      ask: (_, kept) => ({ path: path(kept), as: 'member' }),
      expect: { status: 200, json: { volume: keys(...shown) } },
    },
    {
      ask: (_, kept) => ({ path: path(kept), microversion: '3.65' }),
      expect: {
        status: 200,
        json: {
          volume: keys(...shown, ...ofAdmin, ...since365),
        },
      },
    },
    becomes({
      name: 'a name',
      size: 2,
      volume_type: 'plain',
      availability_zone: 'nova',
      bootable: 'false',
      metadata: { k: 'v' },
      created_at: TIME,
      updated_at: TIME,
      cluster_name: null,
      attachments: [],
    }),
    found('all_tenants=1&status=available&host=lab@single'),
    found('all_tenants=1&host=lab'),
    notFound('all_tenants=1&host=la'),
    found('status~=vail', { as: 'admin', path: `${volumes}?all_tenants=1&status~=vail`, microversion: '3.34' }),
    found("metadata={'k':'v'}", { as: 'member' }),
    notFound("metadata={'k':'w'}", { as: 'member' }),
    notFound('metadata=k', { as: 'member' }),
    found('name=a%20name', { as: 'member' }),
    found('size=2', { as: 'member' }),
    found('all_tenants=1&updated_at=gt:2020-01-01T00:00:00', { microversion: '3.60' }),
    notFound('all_tenants=1&updated_at=lt:2020-01-01T00:00:00', { microversion: '3.60' }),
    found('all_tenants=1&created_at=gt:2020-01-01T00:00:00,lt:2020-01-01T00:00:00', { microversion: '3.60' }),
    count('all_tenants=1&status=available&host=lab@single', 1),
    count('all_tenants=1&status=error', 0),
    count('', 0),
    {
      ask: (_, kept) => ({ path: `${volumes}?all_tenants=1&limit=1&marker=${kept.get('volume')}` }),
      expect: { status: 200 },
    },
    {
      ask: { path: `${volumes}?all_tenants=1&limit=1&name=a%20name` },
      expect: {
        status: 200,
        json: {
          volumes: [keys('id', 'name', 'links')],
          volumes_links: [
            { rel: 'next', href: /\/v3\/volumes\?all_tenants=1&limit=1&name=a(%20|\+)name&marker=[0-9a-f-]{36}$/ },
          ],
        },
      },
    },
    remove(accepted),
    gone,
  ),
  story(
    'another name and other metadata',
    make({ size: 1, volume_type: 'plain', name: 'n' }),
    inState('available', single),
    change({ volume: { name: ' a ', description: 'd' } }, { status: 200, json: { volume: keys(...created) } }),
    becomes({ name: 'a', description: 'd', metadata: {} }),
    change(
      { volume: { metadata: { a: 'b' } } },
      { status: 200, json: { volume: { name: 'a', metadata: { a: 'b' } } } },
    ),
    change({ volume: {} }, { status: 200 }),
    change({}, fault(400, 'badRequest', /^'volume' is a required property$/)),
    change(
      { volume: { banana: 1 } },
      fault(
        400,
        'badRequest',
        /^Invalid input for field\/attribute volume\. Value: \{'banana': 1\}\. Additional properties are not allowed \('banana' was unexpected\)$/,
      ),
    ),
    change(
      { volume: {} },
      fault(
        400,
        'badRequest',
        /^Invalid input for field\/attribute volume\. Value: \{\}\. \{\} is not valid under any of the given schemas$/,
      ),
      '3.53',
    ),
    remove(accepted),
    gone,
  ),
  story(
    'what Nova asks before it attaches',
    make({ size: 1, volume_type: 'plain' }),
    inState('available', single),
    act('os-reserve', accepted),
    inState('attaching', single),
    act(
      'os-reserve',
      fault(
        400,
        'badRequest',
        /^Invalid volume: Volume status must be available to reserve, but the status is attaching\.$/,
      ),
    ),
    act('os-unreserve', accepted),
    inState('available', single),
    act(
      'os-begin_detaching',
      fault(
        400,
        'badRequest',
        /^Invalid volume: Unable to detach volume\. Volume status must be 'in-use' and attach_status must be 'attached' to detach\.$/,
      ),
    ),
    act('os-roll_detaching', accepted),
    inState('available', single),
    act('os-detach', accepted),
    inState('available', single),
    act(
      'banana',
      fault(
        400,
        'badRequest',
        /^There is no such action: banana\. Verify the request body and Content-Type header and try again\.$/,
      ),
    ),
    remove(accepted),
    gone,
  ),
  story(
    'it lands on the pool that has most room',
    make({ size: '1', volume_type: 'gold #1' }),
    inState('available', 'lab@pools#cold tier/ä'),
    remove(accepted),
    gone,
  ),
  story(
    'no backend can serve its type: an error without a host, which its owner may delete',
    make({ size: 1, volume_type: 'nowhere' }),
    inState('error', null),
    remove(accepted),
    gone,
  ),
  story(
    'no pool has room for it',
    make({ size: 36, volume_type: 'plain' }),
    inState('error', null),
    remove(accepted),
    gone,
  ),
  story(
    'what was sent to a pool counts until its next stats, though nobody is told',
    make({ size: 20, volume_type: 'plain' }, (cloud) => cloud.stats('single', { _fail_stats: 'the array says no' })),
    inState('available', single),
    remove(accepted),
    gone,
    make({ size: 20, volume_type: 'plain' }),
    inState('error', null),
    {
      ask: { path: '/scheduler-stats/get_pools?detail=true' },
      expect: { status: 200, pools: { 'lab@single#single': { free_capacity_gb: 40 } } },
    },
    remove(accepted),
    gone,
  ),
  story(
    'a driver that fails to create it loses it its host',
    make({ size: 1, volume_type: 'plain' }, (cloud) => cloud.stats('single', { _fail_create: 'the array says no' })),
    inState('error', null),
    remove(accepted),
    gone,
  ),
  story(
    'while it is made it has a host, and cannot be deleted',
    make({ size: 1, volume_type: 'plain' }, (cloud) => cloud.stats('single', { _slow_create: 4 })),
    inState('creating', single),
    remove(notDeletable),
    remove(notDeletable, 'admin'),
    inState('available', single),
    remove(accepted),
    gone,
  ),
  story(
    'a driver that fails to delete it: only an administrator can help',
    make({ size: 1, volume_type: 'plain' }),
    inState('available', single),
    {
      arrange: (cloud) => cloud.stats('single', { _fail_delete: 'the array says no' }),
      ask: (_, kept) => ({ method: 'DELETE', path: path(kept), as: 'member' }),
      expect: accepted,
    },
    inState('error_deleting', single),
    { ...remove(notDeletable), arrange: (cloud) => cloud.stats('single', { _fail_delete: null }) },
    {
      ask: (_, kept) => ({
        method: 'POST',
        path: `${path(kept)}/action`,
        as: 'member',
        body: { 'os-force_delete': {} },
      }),
      expect: fault(403, 'forbidden', /volume_extension:volume_admin_actions:force_delete/),
    },
    {
      ask: (_, kept) => ({
        method: 'POST',
        path: `${path(kept)}/action`,
        body: { 'os-reset_status': { status: 'banana' } },
      }),
      expect: fault(
        400,
        'badRequest',
        /^Volume status: banana is invalid, valid statuses are: \('creating', 'available'/,
      ),
    },
    {
      ask: (_, kept) => ({
        method: 'POST',
        path: `${path(kept)}/action`,
        body: { 'os-reset_status': { status: 'error' } },
      }),
      expect: accepted,
    },
    inState('error', single),
    remove(accepted),
    gone,
  ),

  malformed('without a size', {}, /^The server could not comply with the request/),
  invalid('a size of 0', { size: 0 }, 'size\\. Value: 0\\. 0 is less than the minimum of 1'),
  invalid('a size that is text', { size: 'x' }, "size\\. Value: x\\. 'x' does not match '\\^\\[0-9\\]\\+\\$'"),
  invalid('half a gigabyte', { size: 1.5 }, "size\\. Value: 1\\.5\\. 1\\.5 is not of type 'integer', 'string', 'null'"),
  invalid('a name that is a number', { size: 1, name: 5 }, "name\\. Value: 5\\. 5 is not of type 'string', 'null'"),
  malformed(
    'a long name',
    { size: 1, name: 'x'.repeat(256) },
    /^Invalid input received: name has 256 characters, more than 255\.$/,
  ),
  invalid('metadata of numbers', { size: 1, metadata: { k: 1 } }, "k\\. Value: 1\\. 1 is not of type 'string'"),
  invalid(
    'metadata that is text',
    { size: 1, metadata: 'x' },
    "metadata\\. Value: x\\. 'x' is not of type 'object', 'null'",
  ),
  invalid(
    'a snapshot that is no id',
    { size: 1, snapshot_id: 'x' },
    "snapshot_id\\. Value: x\\. 'x' is not valid under any of the given schemas",
  ),
  refuse(
    'an unknown snapshot',
    { size: 1, snapshot_id: UNKNOWN },
    'itemNotFound',
    404,
    new RegExp(`^Snapshot ${UNKNOWN} could not be found\\.$`),
  ),
  refuse(
    'an unknown source',
    { size: 1, source_volid: UNKNOWN },
    'itemNotFound',
    404,
    new RegExp(`^Volume ${UNKNOWN} could not be found\\.$`),
  ),
  refuse(
    'an unknown type',
    { size: 1, volume_type: 'nope' },
    'itemNotFound',
    404,
    /^Volume type with name nope could not be found\.$/,
  ),
  refuse(
    'an unknown id of a type',
    { size: 1, volume_type: UNKNOWN },
    'itemNotFound',
    404,
    new RegExp(`^Volume type ${UNKNOWN} could not be found\\.$`),
  ),
  malformed('an unknown zone', { size: 1, availability_zone: 'mars' }, /^Availability zone 'mars' is invalid\.$/),
  malformed(
    'an unknown image',
    { size: 1, imageRef: UNKNOWN },
    /^Invalid image identifier or unable to access requested image\.$/,
  ),
  malformed('multiattach', { size: 1, multiattach: true }, /^multiattach parameter has been removed\./),
  plain(
    'volume: refused, no volume in the body',
    { method: 'POST', path: volumes, body: { nope: 1 } },
    fault(400, 'badRequest', /^'volume' is a required property$/),
  ),
  plain(
    'volume: refused, more in the body',
    { method: 'POST', path: volumes, body: { volume: { size: 1 }, x: 1 } },
    fault(400, 'badRequest', /^Additional properties are not allowed \('x' was unexpected\)$/),
  ),
  plain(
    'volume: an unknown property is refused from 3.53',
    { method: 'POST', path: volumes, microversion: '3.53', body: { volume: { size: 1, bogus: 1 } } },
    fault(
      400,
      'badRequest',
      /^Invalid input for field\/attribute volume\. Value: \{'size': 1, 'bogus': 1\}\. Additional properties are not allowed \('bogus' was unexpected\)$/,
    ),
  ),

  lists('a filter that is no column finds nothing', '?all_tenants=1&nosuch=1', none, { microversion: '3.70' }),
  lists('with_count is such a filter below 3.45', '?all_tenants=1&limit=1&with_count=true', none, {
    microversion: '3.44',
  }),
  lists(
    'with_count is true or false',
    '?with_count=banana',
    refusedList(/^Value 'banana' for 'with_count' is not a boolean\.$/),
    { microversion: '3.45' },
  ),
  lists(
    'all_tenants is true or false',
    '?all_tenants=banana',
    refusedList(/^Value 'banana' for 'all_tenants' is not a boolean\.$/),
  ),
  lists(
    'an unknown time operator',
    '?updated_at=banana:2020-01-01T00:00:00',
    refusedList(/^Invalid banana operator$/),
    { microversion: '3.60' },
  ),
  lists('a time without an operator', '?updated_at=2020', refusedList(/^Invalid 2020 operator$/), {
    microversion: '3.60',
  }),
  lists('a time that is none', '?updated_at=gt:banana', refusedList(/^Invalid banana value$/), {
    microversion: '3.60',
  }),
  lists('times are no filter below 3.31', '?updated_at=gt:banana', { status: 200 }, { microversion: '3.30' }),
  lists('an unknown sort key', '?sort=banana:asc', refusedList(/^Invalid input received: Invalid sort key$/)),
  lists(
    'an unknown direction',
    '?sort=created_at:banana',
    refusedList(/^Invalid input received: Unknown sort direction, must be 'desc' or 'asc'\.$/),
  ),
  lists(
    'sort and sort_key',
    '?sort=size&sort_key=size',
    refusedList(
      /^The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter\.$/,
    ),
  ),
  lists('a negative limit', '?limit=-1', refusedList(/^limit param must be positive$/)),
  lists('a limit that is text', '?limit=x', refusedList(/^limit param must be an integer$/)),
  lists('an offset that is text', '?offset=x', refusedList(/^offset must be an integer$/)),
  lists(
    'an unknown marker',
    `?marker=${UNKNOWN}`,
    fault(404, 'itemNotFound', new RegExp(`^Volume ${UNKNOWN} could not be found\\.$`)),
  ),
  lists(
    'what a member may not filter by is left out below 3.31',
    '?all_tenants=1&host=lab@single',
    { status: 200 },
    { as: 'member' },
  ),
  lists('and refused from 3.31', '?all_tenants=1&host=lab@single', unknownFilter('host'), {
    as: 'member',
    microversion: '3.31',
  }),
  lists('status~ is not for a member', '?status~=ing', unknownFilter('status~'), {
    as: 'member',
    microversion: '3.70',
  }),
  lists('all_tenants of a member is not held against him', '?all_tenants=1&status=error_extending', none, {
    as: 'member',
    microversion: '3.70',
  }),
  lists('a token of the whole system has none of its own', '', none, { as: 'system' }),
  lists('an unknown volume', '/x', fault(404, 'itemNotFound', /^Volume x could not be found\.$/)),
  lists('below a volume', '/x/y', notFoundPage),
  lists('below the details', '/detail/x', notFoundPage),
  plain(
    'volumes: an unknown action',
    { method: 'POST', path: `${volumes}/${UNKNOWN}/action`, body: { banana: {} } },
    fault(
      400,
      'badRequest',
      /^There is no such action: banana\. Verify the request body and Content-Type header and try again\.$/,
    ),
  ),
  plain(
    'volumes: deleting one that is not there',
    { method: 'DELETE', path: `${volumes}/x` },
    fault(404, 'itemNotFound', /^Volume x could not be found\.$/),
  ),
  plain('volumes: deleting them all', { method: 'DELETE', path: volumes }, notFoundPage),
];
