import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { statusError } from '../../src/openstack/answer.ts';
import { findEndpoint } from '../../src/openstack/catalog.ts';
import {
  compareMicroversions,
  discover,
  discoveryUrl,
  highestUpTo,
  parseMicroversion,
  rangeFromNotAcceptable,
} from '../../src/openstack/discovery.ts';
import { OpenStackError } from '../../src/openstack/errors.ts';
import { createPauses } from '../../src/openstack/pause.ts';
import type { Answer } from '../../src/openstack/request.ts';
import { createSession } from '../../src/openstack/session.ts';
import { manualTime } from '../support/manual-time.ts';
import { recording } from '../support/recording.ts';
import { ACCESS, catalogOf, fakeCloud, json, PASSWORD, tokenAnswer } from './fake-cloud.ts';

const token = recording('token-admin') as { token: { catalog: unknown } };

function entry(type: string, url: unknown, more: object = {}): object {
  return { type, endpoints: [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url, ...more }] };
}

test('the catalog of a real Keystone', () => {
  assert.equal(findEndpoint(token.token.catalog, ACCESS, 'p'), 'http://127.0.0.1:8776/v3');
  const system = recording('token-system') as { token: { catalog: unknown } };
  assert.equal(findEndpoint(system.token.catalog, ACCESS, undefined), 'http://127.0.0.1:8776/v3');
});

test('the official name first, then the old ones; interface and region must fit', () => {
  const catalog = [
    entry('volume', 'http://v1/'),
    entry('volumev2', 'http://v2/v2/p'),
    entry('block-store', 'http://alias/v3'),
    entry('volumev3', 'http://old/v3/p'),
    entry('block-storage', 'http://internal/v3', { interface: 'internal' }),
  ];
  assert.equal(findEndpoint(catalog, ACCESS, 'p'), 'http://old/v3/p');
  assert.equal(findEndpoint(catalog, { ...ACCESS, interface: 'internal' }, 'p'), 'http://internal/v3');
  assert.equal(findEndpoint(catalog.slice(0, 3), ACCESS, 'p'), 'http://alias/v3');
  const two = [entry('volumev3', 'http://one/v3'), entry('volumev3', 'http://two/v3', { region_id: 'Two' })];
  assert.equal(findEndpoint(two, { ...ACCESS, region: 'Two' }, 'p'), 'http://two/v3');
});

test('a token without a project takes the URL without one', () => {
  const both = [
    entry('block-storage', 'http://h/api/v1/volume/v3/fc47'),
    entry('volumev3', 'http://h/api/v1/volume/v3/'),
  ];
  assert.equal(findEndpoint(both, ACCESS, 'p'), 'http://h/api/v1/volume/v3/fc47');
  assert.throws(
    () => findEndpoint([both[0]], ACCESS, undefined),
    /block-storage\/public\/RegionOne of Keystone's catalog cannot be used: its URL "http:\/\/h\/api\/v1\/volume\/v3\/fc47" needs a project, and the token has none/,
  );
});

test('a missing endpoint: the error lists what the catalog holds', () => {
  const catalog = [entry('identity', 'http://k'), entry('volumev3', 'http://v', { interface: 'internal' })];
  assert.throws(
    () => findEndpoint(catalog, { ...ACCESS, region: 'RegionOne', serviceName: 'cinder' }, 'p'),
    (error: OpenStackError) => {
      assert.equal(
        error.message,
        'the catalog of Keystone has no endpoint for any of block-storage, volumev3, volumev2, volume, block-store (interface public, region RegionOne, service name cinder); it holds: identity/public/RegionOne, volumev3/internal/RegionOne',
      );
      return error instanceof OpenStackError;
    },
  );
  assert.throws(() => findEndpoint(undefined, ACCESS, 'p'), /it holds: nothing$/);
  assert.throws(
    () => findEndpoint(undefined, { ...ACCESS, scope: { kind: 'none' } }, undefined),
    /it holds: nothing; no project, domain or system_scope is configured/,
  );
});

test('an endpoint that cannot be used: the error says why, without what may be a password', () => {
  for (const [url, said] of [
    ['ftp://no/v3', '"ftp://no/v3" does not begin with http:// or https://'],
    ['cinder:8776/v3', '"cinder:8776/v3" does not begin with http:// or https://'],
    ['', '"" does not begin with http:// or https://'],
    ['//u:planted@c/v3', '"<user>@c/v3" does not begin with http:// or https://'],
  ] as const)
    assert.throws(
      () => findEndpoint([entry('block-storage', url)], ACCESS, 'p'),
      (error: OpenStackError) => {
        assert.equal(
          error.message,
          `the endpoint block-storage/public/RegionOne of Keystone's catalog cannot be used: its URL ${said}`,
        );
        return true;
      },
    );
});

test('interfaces in order of preference; a wanted type and a wanted service name', () => {
  const catalog = [
    entry('block-storage', 'http://public/v3'),
    { ...entry('volumev3', 'http://internal/v2/p', { interface: 'internal' }), name: 'cinder' },
    { ...entry('mine', 'http://mine/v3'), name: 'mine' },
  ];
  const found = (more: object) => findEndpoint(catalog, { ...ACCESS, ...more }, 'p');
  assert.equal(found({ interface: 'internal', otherInterfaces: ['public'] }), 'http://internal/v2/p');
  assert.equal(found({ interface: 'admin', otherInterfaces: ['public'] }), 'http://public/v3');
  assert.equal(found({ serviceType: 'mine', serviceName: 'mine' }), 'http://mine/v3');
  assert.equal(
    found({ serviceType: 'volumev3', interface: 'internal', serviceName: 'cinder' }),
    'http://internal/v2/p',
  );
});

test('arbitrary catalogs give an endpoint or the error, nothing else', () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const endpoint = fc.record(
    {
      interface: fc.constantFrom('public', 'admin'),
      url: fc.oneof(fc.constantFrom('http://h/v3', 'https://[::1]:8776/v3/p', 'ftp://h', 'http://'), value),
      region_id: value,
    },
    { requiredKeys: [] },
  );
  const some = fc.record(
    {
      type: fc.oneof(fc.constantFrom('block-storage', 'volumev3'), value),
      endpoints: fc.oneof(fc.array(fc.oneof(endpoint, value)), value),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.oneof(some, value)), value), (catalog) => {
      try {
        assert.ok(URL.canParse(findEndpoint(catalog, ACCESS, 'p')));
      } catch (error) {
        assert.ok(error instanceof OpenStackError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('the version document is where the version segment is cut off', () => {
  const cut: Readonly<Record<string, string>> = {
    'http://h:8776/v3': 'http://h:8776/',
    'http://h:8776/v3/': 'http://h:8776/',
    'http://h/volume/v3/fc47eeb7': 'http://h/volume/',
    'http://h/volume/v3/AUTH_fc47?x=1#y': 'http://h/volume/',
    'http://h/api/v1/volume/v3/p': 'http://h/api/v1/volume/',
    'http://h/volume/v3.0': 'http://h/volume/',
    'http://h/volume': 'http://h/volume/',
    'http://h': 'http://h/',
    'http://h/v3rsion/x': 'http://h/v3rsion/x/',
  };
  for (const [endpoint, document] of Object.entries(cut)) assert.equal(discoveryUrl(endpoint).href, document);
});

/** What the session takes for the endpoint when the catalog has this URL and the version document is this. */
async function endpointFor(url: string, answer: Answer) {
  const cloud = fakeCloud((request) =>
    request.operation === 'token' ? tokenAnswer(1, 0, 3_600_000, catalogOf(url)) : answer,
  );
  const endpoint = await createSession(ACCESS, cloud.transport, 1000, createPauses(30_000)).endpoint();
  return [endpoint, ...cloud.requests.filter(({ operation }) => operation === 'discovery').map((r) => r.url.href)];
}

const PROJECT = 'fc47eeb7fcb543a39a14c7fbc7b2bba4';

function versions(href: unknown): Answer {
  const v3 = {
    id: 'v3.0',
    version: '3.70',
    min_version: '3.0',
    links: [{ rel: 'describedby' }, { rel: 'self', href }],
  };
  return json(300, { versions: [{ id: 'v2.0', links: [{ rel: 'self', href: 'http://h/v2/' }] }, v3] });
}

test('a catalog URL of another version, or of none: the version document leads to v3, on the host of the catalog', async () => {
  const cases: readonly [string, unknown, string, string][] = [
    ['http://h:8776', 'http://h:8776/v3/', 'http://h:8776/v3', 'http://h:8776/'],
    ['http://h/volume/', 'http://h/volume/v3/', 'http://h/volume/v3', 'http://h/volume/'],
    [`http://h/volume/v2/${PROJECT}`, 'http://h/volume/v3/', `http://h/volume/v3/${PROJECT}`, 'http://h/volume/'],
    ['http://h/v2/AUTH_x', 'http://h/v3/', 'http://h/v3/AUTH_x', 'http://h/'],
    [`http://h/${PROJECT}`, 'http://h/v3/', `http://h/v3/${PROJECT}`, 'http://h/'],
    ['https://h/volume', 'http://10.0.0.1:8776/v3/', 'https://h/volume/v3', 'https://h/volume/'],
    ['http://h/entry', 'http://h/volume/v3/', 'http://h/volume/v3', 'http://h/entry/'],
    ['http://h/volume', 'v3/', 'http://h/volume/v3', 'http://h/volume/'],
    ['http://h/volume', 7, 'http://h/volume/v3', 'http://h/volume/'],
  ];
  for (const [url, href, endpoint, document] of cases)
    assert.deepEqual(await endpointFor(url, versions(href)), [endpoint, document], url);
  assert.deepEqual(await endpointFor('http://h/volume/v3', json(500, '')), ['http://h/volume/v3'], 'nothing is asked');
});

test('what no text can be made of is no endpoint, no region and no version', async () => {
  const none = { toString: false };
  assert.throws(() => findEndpoint([{ type: 'volumev3', endpoints: [{ url: none }] }], ACCESS, 'p'), {
    name: 'OpenStackError',
    message: /it holds: volumev3\/no interface\/no region$/,
  });
  assert.throws(() => findEndpoint([entry('volumev3', none)], ACCESS, 'p'), /its URL "" does not begin with/);
  await assert.rejects(endpointFor('http://h', json(300, { versions: [{ id: none }] })), /\(it has: no id\)/);
});

test('no version document, or no v3 in it: that is the cause, and not a 404 of the catalog URL', async () => {
  const none = { versions: [{ id: 'v1.0' }, { id: 'v2.0' }] };
  await assert.rejects(
    endpointFor('http://h/v2/p', json(300, none)),
    /GET http:\/\/h\/: no v3 in the list of versions \(it has: v1\.0, v2\.0\)/,
  );
  await assert.rejects(
    endpointFor('http://h/c', json(404, 'no')),
    /GET http:\/\/h\/c\/: 404 instead of the list of versions/,
  );
});

test('what a version document said is asked again after the endpoint was in doubt, and not at every login', async () => {
  let documents = 0;
  const cloud = fakeCloud((request, n) => {
    if (request.operation === 'token') return tokenAnswer(n, 0, 60_000, catalogOf('http://h/volume'));
    documents += 1;
    return versions(`http://h/volume/v3/`);
  });
  const { clock, advance } = manualTime();
  const session = createSession(ACCESS, cloud.transport, 1000, createPauses(30_000, clock), clock);
  for (let n = 0; n < 3; n += 1) {
    await session.endpoint();
    advance(61_000);
  }
  assert.deepEqual([cloud.count('token'), documents], [3, 1]);
  session.doubtEndpoint();
  assert.equal(await session.endpoint(), 'http://h/volume/v3');
  assert.equal(documents, 2);
});

function discoverFrom(answer: Answer, url = 'http://user:planted@h/volume/v3') {
  const cloud = fakeCloud((request) =>
    request.operation === 'token' ? tokenAnswer(1, 0, 3_600_000, catalogOf(url)) : answer,
  );
  return discover(createSession(ACCESS, cloud.transport, 1000, createPauses(30_000)), 1000);
}

test('microversions as a real Cinder lists them', async () => {
  const range = await discoverFrom(json(300, recording('cinder-root')));
  assert.deepEqual(range, { min: { major: 3, minor: 0 }, max: { major: 3, minor: 70 } });
});

test('what is no list of versions is said, without the credentials of the URL', async () => {
  const cases: readonly [Answer, string, RegExp][] = [
    [json(404, 'no'), 'http', /404 instead of the list of versions/],
    [json(200, '<html>horizon</html>'), 'decode', /200 with 20 bytes that are no whole JSON/],
    [json(200, 'null'), 'decode', /no list of versions/],
    [
      json(300, { versions: [null, 7, { id: 'v2.0' }, { id: 'v3.0', version: '' }] }),
      'decode',
      /no v3 with min_version/,
    ],
  ];
  for (const [answer, reason, message] of cases) {
    await assert.rejects(discoverFrom(answer), (error: OpenStackError) => {
      assert.equal(error.reason, reason);
      assert.match(error.message, message);
      assert.ok(!/planted/.test(error.message + error.details.url));
      return true;
    });
  }
});

test('microversions are two integers', () => {
  const v = (text: string) => parseMicroversion(text) ?? assert.fail(text);
  assert.ok(compareMicroversions(v('3.9'), v('3.49')) < 0);
  assert.ok(compareMicroversions(v('3.100'), v('3.49')) > 0);
  assert.ok(compareMicroversions(v('4.0'), v('3.70')) > 0);
  for (const bad of ['', '3', '3.x', ' 3.49', '3.49.1', 'latest', '3.-1', 3.49, null])
    assert.equal(parseMicroversion(bad), undefined);
  const range = (min: string, max: string) => ({ min: v(min), max: v(max) });
  assert.deepEqual(highestUpTo(v('3.49'), range('3.0', '3.9')), v('3.9'));
  assert.deepEqual(highestUpTo(v('3.49'), range('3.0', '3.70')), v('3.49'));
  assert.equal(highestUpTo(v('3.49'), range('3.50', '3.70')), undefined);
});

test('the range in a recorded 406', () => {
  const request = {
    operation: 'services',
    method: 'GET',
    url: new URL('http://h/v3'),
    headers: {},
    timeoutMs: 1,
  } as const;
  const error = statusError(request, json(406, recording('err-microversion-3.99')));
  assert.deepEqual(rangeFromNotAcceptable(error), { min: { major: 3, minor: 0 }, max: { major: 3, minor: 70 } });
  assert.equal(rangeFromNotAcceptable(statusError(request, json(406, '<html>'))), undefined);
  assert.equal(rangeFromNotAcceptable(statusError(request, json(400, recording('err-microversion-3.99')))), undefined);
});

test('a password that comes back in the catalog or in the list of versions is in no message', async () => {
  const ids = PASSWORD.match(/.{1,8}/g) ?? [];
  for (const url of [
    `http://h/${PASSWORD}/v3`,
    `http://h/v3/${PASSWORD}`,
    `http://h/${PASSWORD}/`,
    'http://h/volume/',
  ]) {
    const cloud = fakeCloud((request) =>
      request.operation === 'token'
        ? tokenAnswer(1, 0, 3_600_000, catalogOf(url))
        : json(request.operation === 'discovery' ? 300 : 500, { versions: ids.map((id) => ({ id })) }),
    );
    const session = createSession(ACCESS, cloud.transport, 1000, createPauses(30_000));
    for (const ask of [
      () => session.get({ operation: 'services', path: '/os-services?x=1', timeoutMs: 1000 }),
      () => discover(session, 1000),
    ])
      await assert.rejects(ask(), ({ message, details }: OpenStackError) => {
        assert.match(message, /^GET http:\/\/h\//);
        assert.doesNotMatch(`${message} ${details.url}`, /p4ssw0rd|planted|word/);
        return true;
      });
  }
});
