import type { Ask, Case, Expected } from './case.ts';
import type { Cloud, Who } from './cloud.ts';
import { absent, anyOrder, including } from './pattern.ts';
import type { Pattern } from './pattern.ts';

const tokens = { to: 'identity', path: '/auth/tokens', as: null } as const;
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const endpoint = (url: RegExp): Pattern =>
  anyOrder(
    ...['public', 'internal', 'admin'].map((one) => ({
      interface: one,
      region: 'RegionOne',
      region_id: 'RegionOne',
      url,
    })),
  );

/** The catalogue of a token: the same API under its official type without, under the older type with the project id. */
const catalog = (project: string | undefined): Pattern =>
  including(
    { type: 'identity', endpoints: endpoint(/^http.*\/v3\/?$/) },
    { type: 'block-storage', endpoints: endpoint(/^http.*\/v3$/) },
    ...(project === undefined ? [] : [{ type: 'volumev3', endpoints: endpoint(new RegExp(`/v3/${project}$`)) }]),
  );

const loggedIn = (token: Pattern): Expected => ({
  status: 201,
  headers: { 'x-subject-token': /^\S{16,}$/ },
  json: { token },
});
const refused = (status: number, title: string, message: RegExp): Expected => ({
  status,
  headers: { 'x-subject-token': absent },
  json: { error: { code: status, title, message } },
});

const login = (name: string, who: Who, token: (cloud: Cloud) => Pattern): Case => ({
  name: `login: ${name}`,
  steps: [{ ask: (cloud) => ({ ...tokens, body: cloud.loginBody(who) }), expect: (cloud) => loggedIn(token(cloud)) }],
});
const attempt = (name: string, body: (cloud: Cloud) => unknown, expect: Expected): Case => ({
  name: `login: ${name}`,
  steps: [{ ask: (cloud): Ask => ({ ...tokens, body: body(cloud) }), expect }],
});

const password = (user: string, secret: string): Record<string, unknown> => ({
  methods: ['password'],
  password: { user: { name: user, domain: { name: 'Default' }, password: secret } },
});
const credential = (fields: Record<string, unknown>): Record<string, unknown> => ({
  methods: ['application_credential'],
  application_credential: fields,
});
const adminProject = { project: { name: 'admin', domain: { name: 'Default' } } };
const unauthorized = refused(401, 'Unauthorized', /requires authentication/);

/** Keystone: discovery, the kinds of login, the ways to be refused. */
export const IDENTITY_CASES: readonly Case[] = [
  {
    name: 'identity: the versions are listed without a token',
    steps: [
      {
        ask: { to: 'identity-root', path: '/', as: null },
        expect: { status: 300, json: { versions: { values: including({ id: /^v3\.\d+$/, status: 'stable' }) } } },
      },
      {
        ask: { to: 'identity', path: '', as: null },
        expect: { status: 200, json: { version: { id: /^v3\.\d+$/, status: 'stable' } } },
      },
    ],
  },
  login('password and project, with catalogue and expiry', 'admin', (cloud) => ({
    methods: ['password'],
    expires_at: utc,
    issued_at: utc,
    project: { id: cloud.projects.admin, name: 'admin' },
    roles: including({ name: 'admin' }),
    user: { name: 'admin', domain: { name: 'Default' } },
    catalog: catalog(cloud.projects.admin),
  })),
  login('password and system scope: a catalogue without project ids', 'system', () => ({
    system: { all: true },
    project: absent,
    catalog: catalog(undefined),
  })),
  login('application credential by id brings its own scope', 'appcred', (cloud) => ({
    methods: ['application_credential'],
    project: { id: cloud.projects.admin, name: 'admin' },
    catalog: catalog(cloud.projects.admin),
  })),
  login('a member of another project', 'member', (cloud) => ({
    project: { id: cloud.projects.demo, name: 'demo' },
    roles: including({ name: 'member' }),
  })),
  {
    name: 'login: application credential by name and user',
    steps: [
      {
        ask: ({ credential: { name, secret, user } }) => ({
          ...tokens,
          body: {
            auth: { identity: credential({ name, secret, user: { name: user, domain: { name: 'Default' } } }) },
          },
        }),
        expect: loggedIn({ methods: ['application_credential'] }),
      },
    ],
  },
  {
    name: 'login: ?nocatalog leaves the catalogue out',
    steps: [
      {
        ask: (cloud) => ({ ...tokens, path: '/auth/tokens?nocatalog', body: cloud.loginBody('admin') }),
        expect: loggedIn({ catalog: absent, expires_at: utc }),
      },
    ],
  },
  attempt(
    'project by id',
    (cloud) => ({
      auth: { identity: password('admin', passwordOf(cloud)), scope: { project: { id: cloud.projects.admin } } },
    }),
    loggedIn({ project: { name: 'admin' } }),
  ),
  attempt(
    'without a scope: neither project nor catalogue',
    (cloud) => ({ auth: { identity: password('admin', passwordOf(cloud)), scope: 'unscoped' } }),
    loggedIn({ project: absent, system: absent, catalog: absent }),
  ),
  attempt(
    'a wrong password',
    () => ({ auth: { identity: password('admin', 'wrong'), scope: adminProject } }),
    unauthorized,
  ),
  attempt(
    'an unknown user',
    () => ({ auth: { identity: password('nobody', 'x'), scope: adminProject } }),
    unauthorized,
  ),
  attempt(
    'an unknown project',
    (cloud) => ({
      auth: {
        identity: password('admin', passwordOf(cloud)),
        scope: { project: { name: 'no such', domain: { name: 'Default' } } },
      },
    }),
    unauthorized,
  ),
  attempt(
    'a wrong application credential secret',
    (cloud) => ({ auth: { identity: credential({ id: cloud.credential.id, secret: 'wrong' }) } }),
    unauthorized,
  ),
  attempt(
    'an unknown application credential is not found',
    () => ({ auth: { identity: credential({ id: '00', secret: 'x' }) } }),
    refused(404, 'Not Found', /^Could not find Application Credential: 00\.$/),
  ),
  attempt(
    'an application credential with a scope',
    ({ credential: { id, secret } }) => ({ auth: { identity: credential({ id, secret }), scope: adminProject } }),
    refused(401, 'Unauthorized', /Application credentials cannot request a scope\.$/),
  ),
  attempt('something that is not JSON', () => '{"auth"', refused(400, 'Bad Request', /valid JSON/)),
];

/** The administrator's password, out of the cloud's own login request. */
function passwordOf(cloud: Cloud): string {
  const found = /"password":"([^"]+)"/.exec(JSON.stringify(cloud.loginBody('admin')));
  return String(found?.[1]);
}
