import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { shellCommand, tool } from '../real/tool.ts';
import { type LocalService, readLocal } from '../support/checkmk.ts';
import { startExporter } from '../support/exporter.ts';
import { SMALL_CLOUD } from '../watch/watched.ts';
import { commandBlocks } from './doc-commands.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('docs/checkmk.md: the script answers as an agent wants it, whatever state the exporter is in', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-checkmk-'));
  for (const name of ['bin', 'agent/local', 'etc']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(
    join(folder, 'bin/cinder-exporter'),
    `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'dist/main.js')} "$@"\n`,
    { mode: 0o755 },
  );
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  const exporter = await startExporter({ environment: simulator.environment() });
  t.after(async () => {
    await exporter.stop();
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  await exporter.waitFor('the cloud', (page) => page.value('cinder_up') === 1);
  const run = (commands: string, path = `${join(folder, 'bin')}:${process.env['PATH']}`): string =>
    tool(
      shellCommand(
        commands
          .replaceAll('http://EXPORTER:10776', exporter.url)
          .replaceAll('/usr/lib/check_mk_agent', join(folder, 'agent'))
          .replaceAll('/etc/check_mk', join(folder, 'etc')),
      ),
      { cwd: ROOT, env: { PATH: path, HOME: folder } },
    );
  const states = (services: ReadonlyMap<string, LocalService>): Record<string, number> =>
    Object.fromEntries([...services].map(([name, { state }]) => [name, state]));

  const [byHand = '', install = '', asAgent = '', ...more] = commandBlocks('docs/checkmk.md');
  assert.deepEqual(more, []);
  const expected = {
    Cinder: 0,
    'Cinder c1@reported': 0,
    'Cinder c1@silent.example': 0,
    'Cinder c2@broken _x_': 2,
    'Cinder k@ssd': 0,
  };
  const printed = run(byHand);
  assert.ok(printed.endsWith('\nexit code 2\n'), printed);
  assert.deepEqual(states(readLocal(printed.replace('exit code 2\n', ''))), expected);

  run(install);
  const services = readLocal(run(asAgent));
  assert.deepEqual(states(services), expected, 'and it ends with 0, or an agent that caches would forget it');
  assert.match(
    services.get('Cinder c2@broken _x_')?.summary ?? '',
    /^down(?: for at least \d+ s)?(?:, no volume in use)?: its driver reports/,
  );
  assert.equal(services.get('Cinder')?.summary, '4 backends: 1 down');

  const config = join(folder, 'etc/cinder.cfg');
  const url = readFileSync(config, 'utf8');
  const withFlags = (flags: string): Record<string, number> => {
    writeFileSync(config, `${url}FLAGS='${flags}'\n`);
    return states(readLocal(run(asAgent)));
  };
  assert.deepEqual(withFlags('--critical=none --warning=down broken* k@*'), {
    Cinder: 0,
    'Cinder c2@broken _x_': 1,
    'Cinder k@ssd': 0,
  });
  assert.deepEqual(withFlags('--critical=dwon'), { Cinder: 3 });

  writeFileSync(config, url);
  await exporter.stop();
  assert.deepEqual(states(readLocal(run(asAgent))), { Cinder: 3 }, 'an exporter that does not answer');
  assert.match(run(asAgent, '/usr/bin:/bin'), /^3 "Cinder" - the program cinder-exporter does not run\n$/m);
});
