import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_POLICY } from '../../src/simulator/cinder-call.ts';
import { MONITOR_POLICY } from '../support/monitor-policy.ts';
import { jsonText } from '../../src/simulator/definition.ts';
import { idOf } from '../../src/simulator/keystone-identity.ts';
import { bench, list, password, recordedJson, recording, request, tokenOf } from './client.ts';
import { LAB_CLOUD } from './lab-cloud.ts';

const OWN = idOf('project', 'admin');
const project = (name: string) => ({ project: { name, domain: { name: 'Default' } } });
const OTHER = idOf('project', 'demo');

test('discovery needs no token, the version documents do', async (t) => {
  const { simulator, get } = await bench(t, { cloud: LAB_CLOUD });
  const volume = `${simulator.url}/volume`;
  const root = await request(`${volume}/`);
  assert.equal(root.status, 300);
  const expected = recording('cinder-root.json').replace('http://127.0.0.1:8776', volume);
  assert.deepEqual(root.json, JSON.parse(expected));
  assert.deepEqual((await get('/')).json, root.json);
  const bare = await get('');
  assert.deepEqual([bare.status, bare.headers.get('location')], [302, `${volume}/v3/`]);
  for (const path of ['/v3', '/v3/', '/v3/os-services', '/v3/nonsense']) {
    const refused = await request(volume + path, { headers: { 'OpenStack-API-Version': 'volume 3.99' } });
    assert.equal(refused.status, 401, path);
    assert.deepEqual(refused.json, recordedJson('err-no-token.json'));
    assert.equal(refused.headers.get('www-authenticate'), `Keystone uri="${simulator.url}/identity/v3"`);
  }
  const health = await request(`${volume}/healthcheck`);
  assert.deepEqual([health.status, health.text], [200, 'OK']);
});

test('paths that no route takes are answered in HTML', async (t) => {
  const { simulator, get } = await bench(t, { cloud: LAB_CLOUD });
  const html = recording('cinder-nope.txt');
  for (const reply of [
    await request(`${simulator.url}/volume/nope`),
    await request(`${simulator.url}/volume/v2/`),
    await get('/os-services/'),
    await get('/not-a-project/os-services', '3.49'),
    await get('/nothing'),
  ]) {
    assert.deepEqual([reply.status, reply.text], [404, html]);
    assert.equal(reply.headers.get('content-type'), 'text/html; charset=UTF-8');
  }
});

for (const [asked, status, answered, file] of [
  [undefined, 200, 'volume 3.0', undefined],
  ['volume 3.9', 200, 'volume 3.9', undefined],
  ['volume latest', 200, 'volume 3.70', undefined],
  ['compute 2.1, volume 3.49', 200, 'volume 3.49', undefined],
  ['volume 3.99', 406, 'volume 3.99', 'err-microversion-3.99.json'],
  ['volume 2.0', 406, null, undefined],
  ['volume abc', 400, null, 'err-microversion-garbage.json'],
  ['3.49', 400, null, 'err-microversion-no-type.json'],
  ['compute 3.49', 400, null, 'err-microversion-no-type.json'],
  ['block-storage 3.49', 400, null, 'err-microversion-no-type.json'],
] as const) {
  test(`OpenStack-API-Version: ${asked}`, async (t) => {
    const { simulator } = await bench(t, { cloud: LAB_CLOUD });
    const token = await tokenOf(simulator, password('admin', { system: { all: true } }));
    const version = asked === undefined ? {} : { 'OpenStack-API-Version': asked };
    const headers = { 'X-Auth-Token': token, 'X-OpenStack-Volume-API-Version': '3.49', ...version };
    const reply = await request(`${simulator.url}/volume/v3/os-services`, { headers });
    assert.equal(reply.status, status);
    assert.equal(reply.headers.get('openstack-api-version'), answered);
    if (file !== undefined) assert.deepEqual(reply.json, recordedJson(file));
    if (asked === 'volume 3.9') assert.ok(!reply.text.includes('backend_state'), '3.9 is older than 3.49');
  });
}

test('backend_state is on cinder-volume rows only', async (t) => {
  const { get } = await bench(t, { cloud: LAB_CLOUD });
  for (const row of list((await get('/os-services', '3.49')).json, 'services')) {
    assert.equal('backend_state' in row, row['binary'] === 'cinder-volume');
  }
});

test('an older cloud does not know 3.49', async (t) => {
  const { get } = await bench(t, { cloud: LAB_CLOUD, settings: { maxMicroversion: '3.43' } });
  assert.equal((await get('/os-services', '3.49')).status, 406);
  assert.equal((await get('/os-services', 'latest')).headers.get('openstack-api-version'), 'volume 3.43');
});

test('who may read: the body of each refusal', async (t) => {
  const { simulator, cloud, get } = await bench(t, { cloud: LAB_CLOUD });
  const member = await tokenOf(simulator, password('member', project('demo')));
  const systemReader = await tokenOf(simulator, password('reader', { system: { all: true } }));
  const unscoped = await tokenOf(simulator, password('monitor'));
  for (const token of [member, systemReader, unscoped]) {
    const reply = await get('/os-services', '3.49', token);
    assert.deepEqual([reply.status, reply.json], [403, recordedJson('os-services-3.49-member-noproject.json')]);
  }
  const pools = await get('/scheduler-stats/get_pools?detail=true', '3.49', member);
  assert.deepEqual([pools.status, pools.json], [403, recordedJson('get_pools-detail-member.json')]);

  const monitor = await tokenOf(simulator, password('monitor', project('service')));
  const refused = await get('/os-services', '3.49', monitor);
  assert.deepEqual([refused.status, refused.json], [403, recordedJson('os-services-3.49-monitor-noproject.json')]);
  const remote = await get('/scheduler-stats/get_pools', '3.49', monitor);
  assert.equal(remote.status, 403);
  assert.match(remote.text, /User does not have admin privileges\\nTraceback/);

  cloud.setPolicy(MONITOR_POLICY);
  assert.equal((await get('/os-services', '3.49', monitor)).status, 200);
  assert.equal((await get('/scheduler-stats/get_pools', '3.49', monitor)).status, 200);
  cloud.setPolicy({ ...MONITOR_POLICY, pools: ['admin'] });
  assert.equal((await get('/os-services', '3.49', monitor)).status, 200);
  assert.equal((await get('/scheduler-stats/get_pools', '3.49', monitor)).status, 403);
  cloud.setPolicy(DEFAULT_POLICY);
});

test('a project in the URL must be the token’s own', async (t) => {
  const { simulator, get } = await bench(t, { cloud: LAB_CLOUD });
  assert.equal((await get(`/${OWN}/os-services`, '3.49')).status, 200);
  const system = await tokenOf(simulator, password('admin', { system: { all: true } }));
  assert.equal((await get('/os-services', '3.49', system)).status, 200);
  for (const reply of [await get(`/${OTHER}/os-services`, '3.49'), await get(`/${OWN}/os-services`, '3.49', system)]) {
    assert.deepEqual([reply.status, reply.json], [400, recordedJson('os-services-3.49-admin-wrong-project.json')]);
  }
});

test('filters of os-services', async (t) => {
  const { get } = await bench(t, { cloud: LAB_CLOUD });
  const count = async (query: string) => list((await get(`/os-services?${query}`, '3.49')).json, 'services').length;
  assert.deepEqual(
    [
      await count('binary=cinder-volume'),
      await count('binary=nope'),
      await count('host=lab@single'),
      await count('host=lab'),
    ],
    [5, 0, 1, 7],
  );
  assert.equal(await count('bogus=1&limit=1'), 7, 'unknown parameters are ignored, there is no paging');
});

test('filters of get_pools, from the microversion that knows them', async (t) => {
  const { cloud, get } = await bench(t, {
    cloud: {
      ...LAB_CLOUD,
      volumeTypes: [
        { name: 'thin', extraSpecs: { thin_provisioning_support: '<is> True', 'vendor:x': 'ignored' } },
        { name: 'big', extraSpecs: { 'capabilities:iops': '>= 5000' } },
      ],
    },
  });
  const names = async (query: string, version: string) => {
    const { json } = await get(`/scheduler-stats/get_pools?${query}`, version);
    return list(json, 'pools').map(({ name }) => name);
  };
  const single = 'name=lab@single%23single';
  assert.equal((await names(single, '3.27')).length, 8);
  assert.deepEqual(await names(single, '3.28'), ['lab@single#single']);
  assert.deepEqual(await names('backend_state=up', '3.28'), ['lab@single#single', 'lab@pools#fast', 'lab@pools#slow']);
  const refused = await get('/scheduler-stats/get_pools?backend_state=up', '3.31');
  assert.match(refused.text, /Invalid filters backend_state are found in query options/);
  assert.equal((await names('volume_type=thin', '3.34')).length, 8);
  const compared = await get('/scheduler-stats/get_pools?volume_type=thin', '3.35');
  assert.deepEqual([compared.status, compared.json], [400, recordedJson('err-microversion-no-type.json')]);
  const open = { total_capacity_gb: 'infinite', free_capacity_gb: 'unknown' };
  cloud.setDriver('lab@single', { ...open, thin_provisioning_support: 'True' });
  cloud.setDriver('lab@pools', {
    pools: [{ pool_name: 'fast', ...open, iops: 7000, thin_provisioning_support: false }],
  });
  cloud.poll();
  assert.deepEqual(await names('volume_type=thin', '3.35'), ['lab@single#single']);
  assert.deepEqual(await names('volume_type=big', '3.35'), ['lab@pools#fast']);
  const unknown = await get('/scheduler-stats/get_pools?volume_type=nope', '3.35');
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /Volume type with name nope could not be found\.\\nTraceback/);
  const maybe = await get('/scheduler-stats/get_pools?detail=maybe');
  assert.deepEqual([maybe.status, maybe.json], [400, recordedJson('get_pools-detail-bad-bool.json')]);
});

test('other methods and bodies that are too large', async (t) => {
  const { simulator } = await bench(t, { cloud: LAB_CLOUD });
  const token = await tokenOf(simulator, password('admin', { system: { all: true } }));
  const url = `${simulator.url}/volume/v3/os-services`;
  const headers = { 'X-Auth-Token': token, 'OpenStack-API-Version': 'volume 3.49' };
  const posted = await request(url, { method: 'POST', headers });
  assert.deepEqual([posted.status, posted.json], [404, recordedJson('err-post.json')]);
  const large = await request(`${url}/disable`, { method: 'PUT', headers, body: 'x'.repeat(114_689) });
  assert.deepEqual([large.status, large.text], [413, recording('err-413-body.txt')]);
});

test('volume types are paged with limit and marker', async (t) => {
  const types = Array.from({ length: 4 }, (_, n) => ({
    name: `type ${n}`,
    extraSpecs: { volume_backend_name: `"${n}"` },
  }));
  const cloud = { ...LAB_CLOUD, volumeTypes: [...types, { name: 'hidden', isPublic: false, extraSpecs: {} }] };
  const { simulator, get } = await bench(t, { cloud });
  const seen: unknown[] = [];
  let path: string | undefined = `/${OWN}/types?limit=2`;
  for (let page = 0; path !== undefined && page < 5; page++) {
    const { json } = await get(path);
    seen.push(...list(json, 'volume_types').map(({ name }) => name));
    const [next] = 'volume_type_links' in json ? list(json, 'volume_type_links') : [];
    path = next === undefined ? undefined : jsonText(next['href']).replace(`${simulator.url}/volume/v3`, '');
  }
  assert.deepEqual(seen, ['type 3', 'type 2', 'type 1', 'type 0', '__DEFAULT__']);
  assert.equal(list((await get('/types?is_public=None')).json, 'volume_types').length, 6);
  const [first] = list((await get('/types')).json, 'volume_types');
  assert.deepEqual(first?.['extra_specs'], { volume_backend_name: '"3"' });
  assert.equal(list((await get('/types?marker=nope')).json, 'volume_types').length, 5, 'the first page');
  assert.equal((await get('/types?limit=x')).status, 400);
});
