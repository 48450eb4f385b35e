import { before, fault, from, notFoundPage, plain } from './answers.ts';
import type { Ask, Case, Expected, Kept, Step } from './case.ts';
import { absent, including, keys } from './pattern.ts';

const UNKNOWN = '8bdda77f-3a2d-43c5-a2c5-6f5d4ab8d4b0';
const member = { as: 'member' } as const;
const bad = (message: RegExp): Expected => fault(400, 'badRequest', message);
const missing = (message: RegExp): Expected => fault(404, 'itemNotFound', message);
const forbidden = (rule: string): Expected =>
  fault(403, 'forbidden', new RegExp(`^Policy doesn't allow volume_extension:${rule} to be performed\\.$`));
const unknownType = missing(/^Volume type [0-9a-f-]{36} could not be found\.$/);

/** Asks about the kept type. */
const ask = (method: string, below: string, body: unknown, expect: Expected, more: Partial<Ask> = {}): Step => ({
  ask: (_, kept: Kept) => ({
    method,
    path: `/types/${kept.get('volume_type')}${below}`,
    ...(body === undefined ? {} : { body }),
    ...more,
  }),
  expect,
});
const show = (type: Exclude<Expected['json'], undefined>, more: Partial<Ask> = {}): Step =>
  ask('GET', '', undefined, { status: 200, json: { volume_type: type } }, more);
const make = (volume_type: Record<string, unknown>, expect: Expected = { status: 200 }): Step => ({
  ask: { method: 'POST', path: '/types', body: { volume_type } },
  expect,
  keep: 'volume_type',
});
const remove = ask('DELETE', '', undefined, { status: 202 });
const gone = ask('GET', '', undefined, unknownType);

const changed = ['id', 'name', 'is_public', 'description', 'extra_specs'];
const access = 'os-volume-type-access:is_public';

const refuse = (name: string, volume_type: unknown, message: RegExp): Case =>
  plain(`type: refused, ${name}`, { method: 'POST', path: '/types', body: { volume_type } }, bad(message));
const invalid = (name: string, volume_type: Record<string, unknown>, message: string): Case =>
  refuse(name, volume_type, new RegExp(`^Invalid input for field/attribute ${message}$`));

/** Volume types by id, as an administrator makes and changes them; their extra specs; and who may use them. */
export const TYPE_CASES: readonly Case[] = [
  {
    name: 'type: made, shown, changed, deleted',
    steps: [
      make(
        { name: 'silver', description: 'd', extra_specs: { a: 'b', nothing: null } },
        { status: 200, json: { volume_type: keys(...changed, access) } },
      ),
      show(keys(...changed, access, 'qos_specs_id')),
      show({ name: 'silver', description: 'd', is_public: true, extra_specs: { a: 'b', nothing: null } }),
      show({ name: 'silver', extra_specs: keys(), qos_specs_id: absent, [access]: true }, member),
      make({ name: 'other' }),
      ask(
        'PUT',
        '',
        { volume_type: { name: 'silver' } },
        fault(409, 'conflictingRequest', /^Volume Type silver already exists\.$/),
      ),
      ask(
        'PUT',
        '',
        { volume_type: { name: 'another', is_public: 'no' } },
        { status: 200, json: { volume_type: keys(...changed) } },
      ),
      show({ name: 'another', description: null, is_public: false }),
      ask('PUT', '', { volume_type: { description: 'new' } }, { status: 200 }),
      show({ name: 'another', description: 'new', is_public: false }),
      ask(
        'PUT',
        '',
        { volume_type: {} },
        bad(/^Specify volume type name, description, is_public or a combination thereof\.$/),
      ),
      ask('PUT', '', { volume_type: { name: ' ' } }, bad(/^Volume type name can not be empty\.$/)),
      ask('PUT', '', { volume_type: { name: 'x' } }, forbidden('type_update'), member),
      ask('DELETE', '', undefined, forbidden('type_delete'), member),
      remove,
      gone,
      ask('PUT', '', { volume_type: { name: 'x' } }, unknownType),
      ask('DELETE', '', undefined, unknownType),
      {
        ask: { path: '/types' },
        expect: { status: 200, json: { volume_types: including({ name: 'silver' }) } },
      },
    ],
  },
  {
    name: 'type: the default one, which stays',
    steps: [
      {
        ask: { path: '/types/default', ...member },
        expect: { status: 200, json: { volume_type: { name: '__DEFAULT__', is_public: true, [access]: absent } } },
        keep: 'volume_type',
      },
      ask(
        'DELETE',
        '',
        undefined,
        bad(/^The volume type [0-9a-f-]{36} is a default volume type and cannot be deleted\.$/),
      ),
    ],
  },
  plain('type: by its name, unknown', { path: '/types/plain' }, missing(/^Volume type plain could not be found\.$/)),
  plain(
    'type: not for a member to make',
    { method: 'POST', path: '/types', ...member, body: { volume_type: { name: 'x' } } },
    forbidden('type_create'),
  ),
  refuse('nothing', undefined, /^'volume_type' is a required property$/),
  invalid('no name', {}, "volume_type\\. Value: \\{\\}\\. 'name' is a required property"),
  invalid('an empty name', { name: '' }, "name\\. Value: \\. '' (should be non-empty|is too short)"),
  refuse('a blank name', { name: ' ' }, /^An invalid 'name' value was provided\. The 'name' can not be empty\.$/),
  invalid('a name that is none', { name: 5 }, "name\\. Value: 5\\. 5 is not of type 'string'"),
  invalid(
    'an unknown key',
    { name: 'y', banana: 1 },
    "volume_type\\. Value: \\{'name': 'y', 'banana': 1\\}\\. Additional properties are not allowed \\('banana' was unexpected\\)",
  ),
  invalid(
    'an extra spec that is no text',
    { name: 'y', extra_specs: { a: 1 } },
    "a\\. Value: 1\\. 1 is not of type 'string', 'null'",
  ),
  invalid(
    'neither public nor not',
    { name: 'y', [access]: 'maybe' },
    `${access}\\. Value: maybe\\. 'maybe' is not one of \\[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f'\\]`,
  ),
  plain(
    'type: refused, a name that is taken',
    { method: 'POST', path: '/types', body: { volume_type: { name: 'plain' } } },
    fault(409, 'conflictingRequest', /^Volume Type plain already exists\.$/),
  ),
  {
    name: 'type: its extra specs',
    steps: [
      make({ name: 'bronze' }),
      ask('POST', '/extra_specs', { extra_specs: { k: 'v', multiattach: '<is> True' } }, { status: 200 }),
      ask('GET', '/extra_specs', undefined, { status: 200, json: { extra_specs: keys('k', 'multiattach') } }),
      ask('GET', '/extra_specs', undefined, { status: 200, json: { extra_specs: keys('multiattach') } }, member),
      ask('GET', '/extra_specs/k', undefined, { status: 200, json: { k: 'v' } }),
      ask(
        'GET',
        '/extra_specs/k',
        undefined,
        missing(/^Volume Type [0-9a-f-]{36} has no extra specs with key k\.$/),
        member,
      ),
      ask('PUT', '/extra_specs/k', { k: 'w' }, { status: 200, json: { k: 'w' } }),
      ask('PUT', '/extra_specs/k', { l: 'w' }, bad(/^Request body and URI mismatch$/)),
      ask('PUT', '/extra_specs/k', { k: 'a', l: 'b' }, bad(/^\{'k': 'a', 'l': 'b'\} has too many properties$/)),
      ask('PUT', '/extra_specs/k', {}, bad(/^\{\} (should be non-empty|does not have enough properties)$/)),
      ask('PUT', '/extra_specs/k', { k: 'z' }, forbidden('types_extra_specs:update'), member),
      ask('POST', '/extra_specs', {}, bad(/^'extra_specs' is a required property$/)),
      ask(
        'POST',
        '/extra_specs',
        { extra_specs: null },
        bad(/^Invalid input for field\/attribute extra_specs\. Value: None\. None is not of type 'object'$/),
      ),
      ask(
        'POST',
        '/extra_specs',
        { extra_specs: { 'a b': 'c' } },
        bad(
          /^Invalid input for field\/attribute extra_specs\. Value: \{'a b': 'c'\}\. 'a b' does not match any of the regexes: '\^\[a-zA-Z0-9-_:\.\]\{1,255\}\$'$/,
        ),
      ),
      ask('POST', '/extra_specs', { extra_specs: { k: 'z' } }, forbidden('types_extra_specs:create'), member),
      ask('DELETE', '/extra_specs/k', undefined, forbidden('types_extra_specs:delete'), member),
      ask('DELETE', '/extra_specs/k', undefined, { status: 202 }),
      ask(
        'DELETE',
        '/extra_specs/k',
        undefined,
        missing(/^Volume Type [0-9a-f-]{36} has no extra specs with key k\.$/),
      ),
      remove,
      ask('GET', '/extra_specs', undefined, unknownType),
      ask('GET', '/extra_specs/k', undefined, unknownType),
    ],
  },
  {
    name: 'type: in use, so that it stays as it is',
    steps: [
      make({ name: 'brass', extra_specs: { volume_backend_name: 'single' } }),
      {
        ask: { method: 'POST', path: '/volumes', ...member, body: { volume: { size: 1, volume_type: 'brass' } } },
        expect: { status: 202 },
        keep: 'volume',
      },
      ask('DELETE', '', undefined, bad(/^Target volume type is still in use\.$/)),
      ask('POST', '/extra_specs', { extra_specs: { k: 'v' } }, bad(/^Volume Type is currently in use\.$/)),
      {
        ask: (_, kept) => ({ path: `/volumes/${kept.get('volume')}`, ...member }),
        expect: { status: 200, json: { volume: { status: 'available' } } },
      },
      {
        ask: (_, kept) => ({ method: 'DELETE', path: `/volumes/${kept.get('volume')}`, ...member }),
        expect: { status: 202 },
      },
      {
        ask: (_, kept) => ({ path: `/volumes/${kept.get('volume')}`, ...member }),
        expect: missing(/^Volume [0-9a-f-]{36} could not be found\.$/),
      },
      remove,
    ],
  },
  {
    name: 'type: who may use it',
    steps: [
      make({ name: 'private', [access]: false }),
      ask('GET', '/os-volume-type-access', undefined, { status: 200, json: { volume_type_access: [] } }),
      ask('GET', '/os-volume-type-access', undefined, forbidden('volume_type_access:get_all_for_type'), member),
      ask('GET', '', undefined, unknownType, member),
      grant('addProjectAccess', { status: 202 }),
      grant(
        'addProjectAccess',
        fault(
          409,
          'conflictingRequest',
          /^Volume type access for [0-9a-f-]{36} \/ [0-9a-f]{32} combination already exists\.$/,
        ),
      ),
      ask('GET', '/os-volume-type-access', undefined, {
        status: 200,
        json: { volume_type_access: [keys('volume_type_id', 'project_id')] },
      }),
      show({ name: 'private', is_public: false, [access]: false }, member),
      {
        ask: { path: '/types', ...member },
        expect: { status: 200, json: { volume_types: including({ name: 'private' }) } },
      },
      grant('removeProjectAccess', { status: 202 }),
      grant(
        'removeProjectAccess',
        missing(/^Volume type access not found for [0-9a-f-]{36} \/ [0-9a-f]{32} combination\.$/),
      ),
      ask(
        'POST',
        '/action',
        { addProjectAccess: {} },
        bad(/^Invalid input for field\/attribute addProjectAccess\. Value: \{\}\. 'project' is a required property$/),
      ),
      grant('addProjectAccess', forbidden('volume_type_access:addProjectAccess'), member),
      ask(
        'POST',
        '/action',
        { banana: {} },
        bad(/^There is no such action: banana\. Verify the request body and Content-Type header and try again\.$/),
      ),
      ask('POST', '/action', {}, bad(/^Malformed request body$/)),
      remove,
    ],
  },
  {
    name: 'type: who may use a public one is no question',
    steps: [
      make({ name: 'common' }),
      ask('GET', '/os-volume-type-access', undefined, missing(/^Access list not available for public volume types\.$/)),
      grant(
        'addProjectAccess',
        bad(/^Invalid volume type: Type access modification is not applicable to public volume type\.$/),
      ),
      remove,
    ],
  },
  ...before(
    29,
    plain(
      'paths: the services are a resource with no more methods',
      { method: 'POST', path: '/os-services', body: {} },
      missing(/^The resource could not be found\.$/),
    ),
  ),
  ...from(
    29,
    plain('paths: the services are two routes', { method: 'POST', path: '/os-services', body: {} }, notFoundPage),
  ),
  {
    name: 'paths: what Cinder does not know',
    steps: [
      ...['/banana', '/types/x/banana', `/volumes/${UNKNOWN}/action`].map((path): Step => ({
        ask: { path },
        expect: notFoundPage,
      })),
      ...[
        ['PUT', '/types'],
        ['DELETE', '/types'],
        ['PATCH', `/volumes/${UNKNOWN}`],
        ['POST', '/scheduler-stats/get_pools'],
        ['POST', `/volumes/${UNKNOWN}`],
        ['POST', '/volumes/detail'],
        ['PUT', '/snapshots'],
        ['POST', '/capabilities/x'],
      ].map(([method = '', path = '']): Step => ({ ask: { method, path, body: {} }, expect: notFoundPage })),
      ...[
        ['GET', '/scheduler-stats'],
        ['POST', '/messages'],
        ['PUT', '/messages/x'],
      ].map(([method = '', path = '']): Step => ({
        ask: { method, path, ...(method === 'GET' ? {} : { body: {} }) },
        expect: missing(/^The resource could not be found\.$/),
      })),
    ],
  },
];

/** Gives the project `demo` access to the kept type, or takes it. */
function grant(action: string, expect: Expected, more: Partial<Ask> = {}): Step {
  return {
    ask: (cloud, kept) => ({
      method: 'POST',
      path: `/types/${kept.get('volume_type')}/action`,
      body: { [action]: { project: cloud.projects.demo } },
      ...more,
    }),
    expect,
  };
}
