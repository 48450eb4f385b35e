import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startExporter, type Exporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { STORM_CLOUD } from '../faults/storm-cloud.ts';
import { npmNode } from './npm-node.ts';
import { tool } from './tool.ts';

// The built program on Node.js for arm64, which an emulator of single processes runs.
const main = new URL('../../dist/main.js', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'cinder-arm64-'));
let program: readonly string[] = [];

before(() => {
  const node = npmNode(join(scratch, 'node'), '24', { arch: 'arm64' });
  program = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', node];
});

after(() => rmSync(scratch, { recursive: true, force: true }));

const FORMATS = ['text/plain', 'application/openmetrics-text; version=1.0.0'];

/** The page in one format, but for what is of the process and its clock. */
async function cloudLines({ url }: Exporter, accept: string): Promise<string[]> {
  const answer = await fetch(`${url}/metrics`, { headers: { accept } });
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.ok(answer.headers.get('content-type')?.startsWith(accept.split(';')[0] ?? '-'));
  const page = await answer.text();
  return page
    .split('\n')
    .filter(
      (line) =>
        !/^(cinder_exporter_|cinder_api_clock_offset_seconds |cinder_scrape_collector_(duration|last_success)|nodejs_|process_)/.test(
          line,
        ),
    );
}

test('the program knows what it runs on', () => {
  assert.equal(tool([...program, '-p', 'process.arch']), 'arm64\n');
  assert.match(tool([...program, main, '--version']), /^cinder-exporter \S+ \(node v24\.\S+\)\n$/);
});

test('of the same cloud it writes the same page as here, in both formats', async (t) => {
  const simulator = await startSimulator({ cloud: STORM_CLOUD });
  t.after(() => simulator.close());
  // Volumes are counted one backend after the other: two exporters are not at the same one.
  const defaults =
    'defaults:\n  interval: 2s\n  max_random_delay: 0s\n  collectors: {volumes: false, capabilities: false}\n';
  writeFileSync(join(scratch, 'config.yaml'), defaults);
  const options = { cwd: scratch, environment: simulator.environment(), args: ['--config.file=config.yaml'] };
  const here = await startExporter(options);
  t.after(() => here.stop());
  const there = await startExporter({ ...options, program });
  t.after(() => there.stop());
  for (const exporter of [here, there]) {
    await exporter.waitFor(
      'all is read',
      (page) =>
        page.families.has('cinder_volume_type_backend_info') &&
        ['services', 'pools', 'volume_types'].every(
          (collector) => page.value('cinder_scrape_collector_success', { collector }) === 1,
        ),
    );
  }
  for (const accept of FORMATS) {
    // Heartbeats go on: it is the same as soon as both have read the same ones.
    await waitFor('the same page', async () => {
      const expected = await cloudLines(here, accept);
      assert.ok(expected.filter((line) => line.startsWith('cinder_backend_condition{')).length > 50);
      assert.deepEqual(await cloudLines(there, accept), expected);
      return true;
    });
  }
});

test('the demo runs on it until SIGTERM', async (t) => {
  const demo = await startExporter({ cwd: scratch, args: ['demo'], program });
  t.after(() => demo.stop());
  const page = await demo.waitFor('backends are shown', ({ families }) => families.has('cinder_backend_condition'));
  assert.equal(page.value('cinder_up'), 1);
  assert.equal(await demo.stop(), 0);
});
