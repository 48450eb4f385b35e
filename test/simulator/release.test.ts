import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, request } from './client.ts';
import { LAB_CLOUD } from './lab-cloud.ts';

for (const [release, maximum, status] of [
  ['11', '3.43', 406],
  ['21', '3.70', 200],
  ['29', '3.71', 200],
] as const) {
  test(`Cinder ${release} has microversions up to ${maximum}`, async (t) => {
    const { get, simulator } = await bench(t, { cloud: LAB_CLOUD, release });
    const root = await request(`${simulator.url}/volume/`);
    assert.match(root.text, new RegExp(`"version":"${maximum}"`));
    assert.equal((await get('/os-services', '3.49')).status, status);
    assert.equal((await get('/os-services', 'latest')).status, 200);
  });
}

test('Cinder 29 answers 200 to enable, and changes nothing', async (t) => {
  const { token, service, simulator } = await bench(t, { cloud: LAB_CLOUD, release: '29' });
  const put = (action: string, more = {}) =>
    request(`${simulator.url}/volume/v3/os-services/${action}`, {
      method: 'PUT',
      headers: { 'X-Auth-Token': token },
      body: JSON.stringify({ host: 'lab@single', binary: 'cinder-volume', ...more }),
    });
  await put('disable-log-reason', { disabled_reason: 'a disk' });
  assert.equal((await put('enable')).status, 200);
  assert.equal((await service('lab@single')).status, 'disabled');
});
