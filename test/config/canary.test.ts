import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CanaryConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';

/** The canary that a file with this one configures. */
function canaryOf(canary: object | undefined): CanaryConfig | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify({ clouds: { a: canary === undefined ? {} : { canary } } }));
  try {
    return loadConfig(file, {}).clouds[0]?.canary;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('there is no canary unless it is configured', () => {
  assert.equal(canaryOf(undefined), undefined);
});

test('a canary with every default, and one with none', () => {
  assert.deepEqual(canaryOf({ os_cloud: 'b', volume_types: { t: 'c@b', u: 'several' } }), {
    osCloud: 'b',
    types: [{ volumeType: 't', backend: 'c@b' }, { volumeType: 'u' }],
    everyMs: 1_800_000,
  });
  assert.deepEqual(canaryOf({ os_cloud: 'b', volume_types: { t: 'c@b' }, interval: '1h', pause_file: '/run/x' }), {
    osCloud: 'b',
    types: [{ volumeType: 't', backend: 'c@b' }],
    everyMs: 3_600_000,
    pauseFile: '/run/x',
  });
});

test('what a round does beyond making and deleting: a snapshot, from an image, an export', () => {
  const connector = { host: 'h', initiator: 'iqn.1993-08.org.debian:01:a', multipath: false };
  const image = '5f3a1c1e-8a43-4f0e-9b6a-0d3c2b1a4e5f';
  assert.deepEqual(
    canaryOf({ os_cloud: 'b', volume_types: { t: 'c@b' }, snapshot: true, image, attach: { connector } }),
    {
      osCloud: 'b',
      types: [{ volumeType: 't', backend: 'c@b' }],
      everyMs: 1_800_000,
      snapshot: true,
      image,
      connector,
    },
  );
  const fibre = { host: 'h', wwpns: ['500143802426baf4'] };
  const allowed = canaryOf({
    os_cloud: 'b',
    volume_types: { t: 'c@b' },
    attach: { connector: fibre, allow_zoning: true },
  });
  assert.deepEqual(allowed?.connector, fibre);
});

test('more types than fit into the interval make it longer: 30 rounds an hour', () => {
  const types = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, `c@b${i}`]));
  assert.equal(canaryOf({ os_cloud: 'b', volume_types: types, interval: '5m' })?.everyMs, 40 * 120_000);
});
