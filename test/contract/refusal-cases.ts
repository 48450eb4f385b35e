import { before, fault, forbidden, from, notFoundPage, plain } from './answers.ts';
import type { Ask, Case, Expected, Kept, Step } from './case.ts';
import type { Who } from './cloud.ts';

const UNKNOWN = '8bdda77f-3a2d-43c5-a2c5-6f5d4ab8d4b0';
const services = '/os-services';

const bad = (message: RegExp): Expected => fault(400, 'badRequest', message);
const missing = (message: RegExp): Expected => fault(404, 'itemNotFound', message);
const invalid = (key: string, value: string, why: string): Expected =>
  bad(new RegExp(`^Invalid input for field/attribute ${key}\\. Value: ${value}\\. ${why}$`));
/** What the older and the newer library for schemas say of what is empty. */
const EMPTY = '(is too short|should be non-empty)';

/** Refusals of one kind, each a step. */
const all = (name: string, ...steps: readonly (readonly [ask: Ask, expect: Expected])[]): Case => ({
  name: `refused: ${name}`,
  steps: steps.map(([ask, expect]) => ({ ask, expect })),
});
const put = (action: string, body: unknown, more: Partial<Ask> = {}): Ask => ({
  method: 'PUT',
  path: `${services}/${action}`,
  body,
  ...more,
});

const volume = (kept: Kept): string => `/volumes/${kept.get('volume')}`;
const make: Step = {
  ask: { method: 'POST', path: '/volumes', as: 'member', body: { volume: { size: 1, volume_type: 'plain' } } },
  expect: { status: 202 },
  keep: 'volume',
};
const there: Step = {
  ask: (_, kept) => ({ path: volume(kept), as: 'member' }),
  expect: { status: 200, json: { volume: { status: 'available' } } },
};
const remove: Step = {
  ask: (_, kept) => ({ method: 'DELETE', path: volume(kept), as: 'member' }),
  expect: { status: 202, headers: { 'content-type': /^text\/html/ } },
};
const gone: Step = {
  ask: (_, kept) => ({ path: volume(kept), as: 'member' }),
  expect: missing(/^Volume [0-9a-f-]{36} could not be found\.$/),
};
const act = (as: Who, action: string, expect: Expected): Step => ({
  ask: (_, kept) => ({ method: 'POST', path: `${volume(kept)}/action`, as, body: { [action]: {} } }),
  expect,
});

/** From 29 on who only reads is refused what changes: `enforce_new_defaults`. */
const READERS: readonly Case[] = [
  ...from(
    29,
    {
      name: 'roles: a reader changes nothing of its own project',
      steps: [
        make,
        there,
        {
          ask: { method: 'POST', path: '/volumes', as: 'reader', body: { volume: { size: 1, volume_type: 'plain' } } },
          expect: forbidden('volume:create'),
        },
        {
          ask: (_, kept) => ({ method: 'PUT', path: volume(kept), as: 'reader', body: { volume: { name: 'x' } } }),
          expect: forbidden('volume:update'),
        },
        {
          ask: (_, kept) => ({ method: 'DELETE', path: volume(kept), as: 'reader' }),
          expect: forbidden('volume:delete'),
        },
        act('reader', 'os-reserve', forbidden('volume_extension:volume_actions:reserve')),
        {
          ask: (_, kept) => ({
            method: 'POST',
            path: '/snapshots',
            as: 'reader',
            body: { snapshot: { volume_id: kept.get('volume') } },
          }),
          expect: forbidden('volume:create_snapshot'),
        },
        {
          ask: (_, kept) => ({
            method: 'POST',
            path: '/attachments',
            as: 'reader',
            microversion: '3.54',
            body: { attachment: { volume_uuid: kept.get('volume') } },
          }),
          expect: forbidden('volume:attachment_create'),
        },
        { ask: (_, kept) => ({ path: volume(kept), as: 'reader' }), expect: { status: 200 } },
        { ask: (_, kept) => ({ path: volume(kept), as: 'monitor' }), expect: missing(/could not be found\.$/) },
        remove,
        gone,
      ],
    },
    all(
      'lists, to a role that is no reader',
      ...(
        [
          ['/volumes', 'volume:get_all'],
          ['/volumes/detail?all_tenants=1', 'volume:get_all'],
          ['/volumes/summary', 'volume:get_all'],
          ['/snapshots', 'volume:get_all_snapshots'],
          ['/backups', 'backup:get_all'],
          ['/messages', 'message:get_all'],
          ['/types/default', 'volume_extension:type_get'],
        ] as const
      ).map(([path, rule]) => [{ path, as: 'monitor', microversion: '3.60' }, forbidden(rule)] as const),
    ),
  ),
  ...before(29, {
    name: 'roles: a reader may change what is of its project',
    steps: [
      {
        ask: { method: 'POST', path: '/volumes', as: 'reader', body: { volume: { size: 1, volume_type: 'plain' } } },
        expect: { status: 202 },
        keep: 'volume',
      },
      there,
      remove,
      gone,
    ],
  }),
];

const unknownService = missing(/^Service cinder-volume could not be found on host lab@nope\.$/);
const oneOf = bad(/^Invalid input received: One and only one of cluster and host must be set\.$/);
const noHost = bad(/^Invalid input received: Host field is missing\.$/);
const extra = (name: string): Expected =>
  bad(new RegExp(`^Additional properties are not allowed \\('${name}' was unexpected\\)$`));
const denied = forbidden('volume_extension:services:update');
const NOPE = { host: 'lab@nope', binary: 'cinder-volume' };

const SERVICES: readonly Case[] = [
  all(
    'changes of services, to whoever is no administrator',
    ...(['member', 'reader', 'monitor'] as const).flatMap((as) => [
      [put('enable', NOPE, { as }), denied] as const,
      [put('disable', NOPE, { as }), denied] as const,
      [put('disable-log-reason', NOPE, { as }), denied] as const,
      [put('freeze', { host: 'lab@nope' }, { as }), denied] as const,
      [put('thaw', { host: 'lab@nope' }, { as }), denied] as const,
      [put('failover_host', { host: 'lab@nope' }, { as }), denied] as const,
    ]),
  ),
  all(
    'bodies about services',
    [put('disable', NOPE), unknownService],
    [put('enable', { host: 'lab@nope', service: 'cinder-volume' }), unknownService],
    [put('enable', { host: 'lab@nope' }), bad(/^\{'host': 'lab@nope'\} is not valid under any of the given schemas$/)],
    [put('enable', { binary: 'cinder-volume' }), noHost],
    [put('disable', { ...NOPE, host: null }), noHost],
    [put('disable', { ...NOPE, host: 5 }), invalid('host', '5', "5 is not of type 'string', 'null'")],
    [put('disable', { ...NOPE, host: '' }), invalid('host', '', `'' ${EMPTY}`)],
    [put('disable', { ...NOPE, host: 'a b' }), invalid('host', 'a b', "'a b' does not match '.*'")],
    [put('disable', { ...NOPE, host: 'x'.repeat(256) }), invalid('host', 'x+', "'x+' is too long")],
    [put('disable', { ...NOPE, binary: 5 }), invalid('binary', '5', "5 is not of type 'string'")],
    [put('disable', { ...NOPE, more: 1 }), extra('more')],
    [put('freeze', NOPE), extra('binary')],
    [put('thaw', {}, { microversion: '3.26' }), oneOf],
    [put('freeze', {}), noHost],
    [put('freeze', { host: 'a', cluster: 'b' }, { microversion: '3.26' }), oneOf],
    [put('freeze', { cluster: 'nope' }, { microversion: '3.26' }), bad(/^No service found with cluster=nope$/)],
    [put('failover_host', {}), noHost],
    [
      put('failover_host', { host: 'lab@nope', backend_id: 5 }),
      invalid('backend_id', '5', "5 is not of type 'string', 'null'"),
    ],
    [put('set-log', NOPE, { microversion: '3.32' }), extra('host')],
    ...(['[]', '[1]', '"x"', '1', 'null', 'true'] as const).map(
      (body) => [put('disable', body), bad(/ is not of type 'object'$/)] as const,
    ),
    [put('disable', '{'), bad(/^Malformed request body$/)],
  ),
  {
    name: 'services: named by the older key',
    steps: [
      {
        ask: put('disable-log-reason', { host: 'lab@single', service: 'cinder-volume', disabled_reason: 'x' }),
        expect: { status: 200, json: { binary: '', service: 'cinder-volume', status: 'disabled' } },
      },
      {
        arrange: (cloud) => cloud.enable('lab@single'),
        ask: { path: `${services}?host=lab@pools&host=lab@single` },
        expect: { status: 200, services: { 'cinder-volume lab@single': { status: 'enabled' } } },
      },
    ],
  },
  ...before(
    29,
    all(
      'what a resource makes of other actions',
      [put('banana', NOPE), bad(/^Invalid input received: Unknown action$/)],
      [put('banana', NOPE, { as: 'member' }), denied],
      [put('failover', NOPE), bad(/^Invalid input received: Unknown action$/)],
      [put('failover', { host: 'lab@nope' }, { microversion: '3.26' }), bad(/^No service found with host=lab@nope$/)],
      [put('disable', ''), bad(/^The server could not comply with the request/)],
      [{ path: `${services}/x` }, missing(/^The resource could not be found\.$/)],
    ),
  ),
  ...from(
    29,
    all(
      'what routes make of other actions',
      [put('banana', NOPE), notFoundPage],
      [put('banana', NOPE, { as: 'member' }), notFoundPage],
      // The client's own word from 3.26 on.
      [put('failover', { host: 'lab@single' }, { microversion: '3.26' }), notFoundPage],
      [put('set-log', {}, { microversion: '3.31' }), missing(/^The resource could not be found\.$/)],
      [put('disable', ''), fault(500, 'computeFault', /^The server has either erred/)],
      [put('freeze', NOPE, { as: 'member' }), extra('binary')],
      [{ path: `${services}/x` }, notFoundPage],
      [{ method: 'DELETE', path: `${services}/disable` }, notFoundPage],
    ),
  ),
];

const unsupported = fault(415, 'badMediaType', /^Unsupported Content-Type$/);
const typed = (type: string, ask: Ask): Ask => ({ ...ask, headers: { 'content-type': type } });
const newVolume = (body: Record<string, unknown>): Ask => ({
  method: 'POST',
  path: '/volumes',
  body: { volume: body },
});
const newQuota = (body: Record<string, unknown>): Ask => ({
  method: 'PUT',
  path: `/os-quota-sets/${UNKNOWN}`,
  body: { quota_set: body },
});

/** What is refused before anybody looks at what it means. */
const FORMS: readonly Case[] = [
  all(
    'another type of content',
    ...['text/plain', 'application/xml', 'application/JSON', 'nonsense'].flatMap((type) => [
      [typed(type, newVolume({ size: 1 })), unsupported] as const,
      [typed(type, put('disable', NOPE)), unsupported] as const,
    ]),
    [typed('application/json; charset=utf-8', put('disable', NOPE)), unknownService],
    [typed('application/vnd.openstack.volume+json', put('disable', NOPE)), unknownService],
  ),
  all(
    'a path that no route takes, as the client likes it',
    [{ path: '/banana', headers: { accept: '*/*' } }, notFoundPage],
    [
      { path: '/banana', headers: { accept: 'application/json' } },
      {
        status: 404,
        headers: { 'content-type': /^application\/json/ },
        json: { code: '404 Not Found', title: 'Not Found', message: /^The resource could not be found\.<br \/>/ },
      },
    ],
    [
      { path: '/banana', headers: { accept: 'application/xml' } },
      { status: 404, headers: { 'content-type': /^text\/plain/ } },
    ],
  ),
  {
    name: 'methods: what is left of them',
    steps: [
      ...(['/os-services', '/volumes/x/y', '/banana'] as const).map((path): Step => ({
        ask: { method: 'OPTIONS', path },
        expect: { status: 200 },
      })),
      { ask: { to: 'volume-root', method: 'POST', path: '/', as: null }, expect: { status: 300 } },
      { ask: { to: 'volume-root', method: 'DELETE', path: '/healthcheck', as: null }, expect: { status: 200 } },
      { ask: { to: 'volume-root', method: 'HEAD', path: '/healthcheck', as: null }, expect: { status: 204 } },
      {
        ask: { path: '/', microversion: '3.60' },
        expect: { status: 200, headers: { 'openstack-api-version': 'volume 3.60' } },
      },
      { ask: { method: 'POST', path: '/', body: {} }, expect: bad(/^The server could not comply with the request/) },
      { ask: { path: '//volumes' }, expect: { status: 200 } },
      { ask: { path: '/volumes.json' }, expect: { status: 200 } },
      { ask: { path: `/volumes%2F${UNKNOWN}` }, expect: missing(/^Volume .* could not be found\.$/) },
    ],
  },
  all(
    'what is no text, or too much',
    [{ path: '/volumes?a=%ff' }, bad(/^Error decoding your request\. Either the URL or the request body contained/)],
    [{ path: '/volumes?offset=99999999999' }, bad(/^offset must be <= 2147483647$/)],
    [
      newVolume({ size: 1e10 }),
      invalid('size', '10000000000', '10000000000 is greater than the maximum of 2147483647'),
    ],
    [
      newVolume({ size: 1, metadata: { '': 'x' } }),
      bad(/^Invalid input for field\/attribute metadata\..*does not match any of the regexes/),
    ],
    [
      newVolume({ size: 1, multiattach: 'x' }),
      invalid('multiattach', 'x', "'x' is not valid under any of the given schemas"),
    ],
    [newVolume({ size: 1, group_id: UNKNOWN }), missing(/^Group .* could not be found\.$/)],
    [newVolume({ size: 1, consistencygroup_id: UNKNOWN }), missing(/^Group .* could not be found\.$/)],
    [newQuota({}), bad(/^Invalid input for field\/attribute quota_set\./)],
    [newQuota({ volumes: 'x' }), bad(/^volumes must be an integer$/)],
    [newQuota({ volumes: 1.5 }), bad(/^volumes must be an integer$/)],
    [newQuota({ volumes: null }), bad(/^volumes must be an integer$/)],
    [newQuota({ volumes: -2 }), bad(/^volumes must be >= -1$/)],
    [newQuota({ volumes: 2147483648 }), bad(/^volumes must be <= 2147483647$/)],
  ),
  all(
    'actions',
    ...(['[1]', '"x"', '1', 'null'] as const).map(
      (body) =>
        [
          { method: 'POST', path: `/volumes/${UNKNOWN}/action`, body },
          missing(/^The resource could not be found\.$/),
        ] as const,
    ),
    ...(
      [
        ['os-extend', invalid('os-extend', '\\{\\}', "'new_size' is a required property")],
        ['os-retype', invalid('os-retype', '\\{\\}', "'new_type' is a required property")],
        ['os-unmanage', missing(/^Volume .* could not be found\.$/)],
        ['os-reset_status', bad(/^Must specify 'status', 'attach_status' or 'migration_status' for update\.$/)],
      ] as const
    ).map(
      ([action, expect]) =>
        [{ method: 'POST', path: `/volumes/${UNKNOWN}/action`, body: { [action]: {} } }, expect] as const,
    ),
  ),
  all(
    'lists of types and of backups',
    [{ path: '/types?is_public=x' }, bad(/^Invalid is_public filter \[x\]$/)],
    [{ path: '/types?sort=banana' }, bad(/^Invalid input received: Invalid sort key$/)],
    [{ path: '/types?offset=x' }, bad(/^offset must be an integer$/)],
    [{ path: `/backups/${UNKNOWN}` }, missing(/^Backup .* could not be found\.$/)],
    [{ path: '/backups?sort=banana' }, bad(/^Invalid input received: Invalid sort key$/)],
    [{ path: `/backups?marker=${UNKNOWN}` }, missing(/^Backup .* could not be found\.$/)],
  ),
  plain('types: a marker that is not there is none', { path: '/types?marker=x&limit=1' }, { status: 200 }),
  plain(
    'types: an administrator may filter them from 3.52',
    { path: '/types?name=plain', microversion: '3.52' },
    { status: 200, json: { volume_types: [{ name: 'plain' }] } },
  ),
  plain('backups: in detail', { path: '/backups/detail' }, { status: 200, json: { backups: [] } }),
  plain(
    'services: those of a cluster replicate, whatever their driver says',
    { path: services, microversion: '3.7' },
    { status: 200, services: { 'cinder-volume lab@clustered': { replication_status: 'enabled' } } },
  ),
];

/** What Cinder refuses, and in which form; compared field by field with the simulator on 2026-11-26. */
export const REFUSAL_CASES: readonly Case[] = [...READERS, ...SERVICES, ...FORMS];
