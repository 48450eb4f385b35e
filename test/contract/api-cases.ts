import { before, fault, from, plain, unauthorized } from './answers.ts';
import type { Case, Expected } from './case.ts';
import { absent, keys } from './pattern.ts';
import type { Pattern } from './pattern.ts';

const services = '/os-services';
const pools = '/scheduler-stats/get_pools';

const common = ['binary', 'host', 'zone', 'status', 'state', 'updated_at', 'disabled_reason'];
const extended = [...common, 'replication_status', 'active_backend_id', 'frozen'];
/** The keys of a row of each kind of service at a microversion. */
const rowKeys = (name: string, microversion: string | undefined, used: string, ...more: readonly string[]): Case =>
  plain(
    `services: keys of a row, ${name}`,
    { path: services, ...(microversion === undefined ? {} : { microversion }) },
    {
      status: 200,
      headers: { 'openstack-api-version': `volume ${used}`, vary: /OpenStack-API-Version/ },
      services: {
        'cinder-volume lab@single': keys(...extended, ...more),
        'cinder-volume lab@clustered': keys(...extended, ...more),
        'cinder-scheduler lab': keys(...common, ...more.filter((key) => key !== 'backend_state')),
      },
    },
  );
const header = (value: string, expect: Expected): Case =>
  plain(
    `microversion: OpenStack-API-Version '${value}'`,
    { path: services, headers: { 'openstack-api-version': value } },
    expect,
  );
const malformed = fault(400, 'badRequest', /^The server could not comply with the request/);
const unsupported = (version: string): Expected =>
  fault(
    406,
    'computeFault',
    new RegExp(`^Version ${version} is not supported by the API\\. Minimum is 3\\.0 and maximum is 3\\.\\d+\\.$`),
  );
const invalid = (text: string): Expected =>
  fault(
    400,
    'badRequest',
    new RegExp(`^API Version String ${text} is of invalid format\\. Must be of format MajorNum\\.MinorNum\\.$`),
  );
const version: Pattern = { id: 'v3.0', status: 'CURRENT', version: /^3\.(49|[5-9]\d)$/, min_version: '3.0' };

/** Cinder's API with nothing out of the ordinary behind it: discovery, versions, rows, filters. */
export const API_CASES: readonly Case[] = [
  plain(
    'discovery: the root lists the versions, no token needed',
    { to: 'volume-root', path: '/', as: null },
    {
      status: 300,
      headers: { 'content-type': /^application\/json/ },
      json: { versions: [version] },
    },
  ),
  plain('discovery: /v3/ wants a token', { path: '/', as: null }, unauthorized),
  plain('discovery: /v3/ with a token', { path: '/' }, { status: 200, json: { versions: [version] } }),
  plain('discovery: /v3 is elsewhere', { path: '' }, { status: 302, headers: { location: /\/v3\/$/ } }),

  rowKeys('none asked is 3.0', undefined, '3.0'),
  rowKeys('3.0', '3.0', '3.0'),
  rowKeys('3.6', '3.6', '3.6'),
  rowKeys('cluster from 3.7', '3.7', '3.7', 'cluster'),
  rowKeys('3.9 is older than 3.49', '3.9', '3.9', 'cluster'),
  rowKeys('3.48', '3.48', '3.48', 'cluster'),
  rowKeys('backend_state from 3.49, of cinder-volume only', '3.49', '3.49', 'cluster', 'backend_state'),
  rowKeys('3.70', '3.70', '3.70', 'cluster', 'backend_state'),
  ...before(29, rowKeys('latest', 'latest', '3.70', 'cluster', 'backend_state')),
  ...from(29, rowKeys('latest', 'latest', '3.71', 'cluster', 'backend_state')),

  header('volume 3.99', unsupported('3\\.99')),
  header('volume 2.0', unsupported('2\\.0')),
  header('volume abc', invalid('abc')),
  header('volume 3', invalid('3')),
  header('volume 3.049', invalid('3\\.049')),
  header('compute 3.49', malformed),
  header('block-storage 3.49', malformed),
  header('3.49', malformed),
  header('compute 2.1, volume 3.49', { status: 200, headers: { 'openstack-api-version': 'volume 3.49' } }),
  plain(
    'microversion: the legacy header is ignored',
    { path: services, headers: { 'openstack-volume-microversion': '3.49', 'x-openstack-volume-api-version': '3.49' } },
    { status: 200, headers: { 'openstack-api-version': 'volume 3.0' } },
  ),
  plain('microversion: the token is looked at first', { path: services, as: null, microversion: '3.99' }, unauthorized),

  plain(
    'services: what a healthy row says',
    { path: services, microversion: '3.49' },
    {
      status: 200,
      services: {
        'cinder-volume lab@single': {
          zone: 'nova',
          status: 'enabled',
          state: 'up',
          updated_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/,
          backend_state: 'up',
          cluster: null,
          frozen: false,
        },
        'cinder-volume lab@pools': { backend_state: 'up', cluster: null },
        'cinder-scheduler lab': { status: 'enabled', state: 'up', cluster: null, backend_state: absent },
      },
    },
  ),
  plain(
    'services: backend_state is null for a cluster, although it is up and the scheduler knows its pool',
    { path: services, microversion: '3.49' },
    {
      status: 200,
      services: {
        'cinder-volume lab@clustered': { state: 'up', backend_state: null, cluster: 'labcluster@clustered' },
        'cinder-volume lab-b@clustered': { state: 'up', backend_state: null, cluster: 'labcluster@clustered' },
      },
    },
  ),
  plain(
    'services: ?host= is exact',
    { path: `${services}?host=lab@single` },
    {
      status: 200,
      services: { 'cinder-volume lab@single': {}, 'cinder-volume lab@pools': absent, 'cinder-scheduler lab': absent },
    },
  ),
  plain(
    'services: ?host= without a backend is the whole host, and no other that begins like it',
    { path: `${services}?host=lab` },
    {
      status: 200,
      services: { 'cinder-volume lab@single': {}, 'cinder-scheduler lab': {}, 'cinder-volume lab-b@clustered': absent },
    },
  ),
  plain(
    'services: ?binary=',
    { path: `${services}?binary=cinder-scheduler` },
    {
      status: 200,
      services: { 'cinder-volume lab@single': absent, 'cinder-scheduler lab': {} },
    },
  ),
  plain(
    'services: no match is an empty list',
    { path: `${services}?host=nobody` },
    { status: 200, json: { services: [] } },
  ),
  plain(
    'services: an unknown parameter is ignored',
    { path: `${services}?limit=1&nonsense=1` },
    {
      status: 200,
      services: { 'cinder-volume lab@single': {}, 'cinder-volume lab@pools': {}, 'cinder-scheduler lab': {} },
    },
  ),
  plain(
    'services: the project id of the token in the URL',
    (cloud) => ({ path: `/${cloud.projects.admin}${services}` }),
    {
      status: 200,
      services: { 'cinder-volume lab@single': {} },
    },
  ),
  plain(
    'services: the project id of another project in the URL',
    (cloud) => ({ path: `/${cloud.projects.demo}${services}` }),
    fault(400, 'badRequest', /^Malformed request url$/),
  ),
  plain(
    'services: system scope without a project id',
    { path: services, as: 'system', microversion: '3.49' },
    {
      status: 200,
      services: { 'cinder-volume lab@single': { backend_state: 'up' } },
    },
  ),
  plain(
    'services: system scope with a project id',
    (cloud) => ({ path: `/${cloud.projects.admin}${services}`, as: 'system' }),
    fault(400, 'badRequest', /^Malformed request url$/),
  ),
  plain(
    'services: an application credential',
    { path: services, as: 'appcred' },
    {
      status: 200,
      services: { 'cinder-volume lab@single': {} },
    },
  ),
  plain(
    'services: the role of the least-privilege policy',
    { path: services, as: 'monitor', microversion: '3.49' },
    {
      status: 200,
      services: { 'cinder-volume lab@single': { backend_state: 'up' } },
    },
  ),
  plain(
    'pools: the role of the least-privilege policy',
    { path: `${pools}?detail=true`, as: 'monitor' },
    {
      status: 200,
      pools: { 'lab@single#single': { backend_state: 'up' } },
    },
  ),

  ...(
    [
      [
        'an empty reason',
        { disabled_reason: '' },
        /^Invalid input for field\/attribute disabled_reason\. Value: \. '' (is too short|should be non-empty)$/,
      ],
      [
        'a blank reason',
        { disabled_reason: '  ' },
        /^Invalid input for field\/attribute disabled_reason\. Value: {3}\. ' {2}' is not a 'disabled_reason'$/,
      ],
      [
        'a reason that is a number',
        { disabled_reason: 5 },
        /^Invalid input for field\/attribute disabled_reason\. Value: 5\. 5 is not of type 'string'$/,
      ],
    ] as const
  ).map(([name, reason, message]) =>
    plain(
      `services: disabled for ${name}`,
      {
        method: 'PUT',
        path: '/os-services/disable-log-reason',
        body: { binary: 'cinder-volume', host: 'lab@single', ...reason },
      },
      fault(400, 'badRequest', message),
    ),
  ),
  ...['freeze', 'thaw', 'failover_host'].map((action) =>
    plain(
      `services: ${action} of an unknown host`,
      { method: 'PUT', path: `/os-services/${action}`, body: { host: 'nope' } },
      fault(400, 'badRequest', /^No service found with host=nope$/),
    ),
  ),
];
