import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { dashboardJson } from '../../grafana/src/dashboard.ts';
import { dashboards } from '../../grafana/src/dashboards.ts';
import { DIRECTORY, UIDS } from './shipped.ts';

test('the committed files are what the source says', () => {
  const built = dashboards();
  assert.deepEqual(
    built.map(({ uid }) => uid),
    UIDS,
  );
  for (const dashboard of built)
    assert.equal(readFileSync(new URL(`${dashboard.uid}.json`, DIRECTORY), 'utf8'), dashboardJson(dashboard));
});

test('build --check notices a changed, a missing and a foreign file', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'grafana-'));
  t.after(() => rmSync(copy, { recursive: true }));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const part of ['grafana', 'src', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const check = (): Promise<{ code: number; stderr: string }> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        ['--import', 'tsx', 'grafana/build.ts', '--check'],
        { cwd: copy },
        (error, _, stderr) => resolve({ code: Number(error?.code ?? 0), stderr }),
      );
    });
  const file = (name: string): string => join(copy, 'grafana/dashboards', name);

  assert.deepEqual(await check(), { code: 0, stderr: '' });
  writeFileSync(
    file('cinder-backend.json'),
    readFileSync(file('cinder-backend.json'), 'utf8').replace('"h": 4', '"h": 5'),
  );
  rmSync(file('cinder-backends.json'));
  writeFileSync(file('old.json'), '{}');
  const { code, stderr } = await check();
  assert.equal(code, 1);
  for (const name of ['cinder-backend.json', 'cinder-backends.json', 'old.json'])
    assert.match(stderr, new RegExp(`/${name} is not`));
  assert.doesNotMatch(stderr, /cinder-exporter\.json/);
});
