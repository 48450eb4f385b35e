import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Where each code block of the worked example goes: behind the last line of the file that holds this text. */
const STEPS = [
  { file: 'src/cinder/model.ts', behind: 'readonly thinProvisioning' },
  { file: 'src/cinder/pools.ts', behind: 'thinProvisioning: thin' },
  { file: 'src/metrics/families.ts', after: 'POOL_FAMILIES:', behind: '  families: [' },
];

test('the worked example of CONTRIBUTING.md, followed on a copy, adds a family', async () => {
  const guide = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const blocks = [...guide.matchAll(/^ {3}```ts\n([\s\S]*?)^ {3}```$/gm)].map((match) => match[1] ?? '');
  assert.equal(blocks.length, STEPS.length);
  const copy = await mkdtemp(join(tmpdir(), 'cinder-exporter-contributing-'));
  try {
    for (const part of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
      await cp(join(root, part), join(copy, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [i, { file, after = '', behind }] of STEPS.entries()) {
      const lines = (await readFile(join(copy, file), 'utf8')).split('\n');
      const at =
        after === ''
          ? lines.findLastIndex((line) => line.includes(behind))
          : lines.findIndex((line, n) => line.includes(behind) && lines.slice(0, n).some((l) => l.includes(after)));
      assert.notEqual(at, -1, `${file} has no line with ${behind}`);
      lines.splice(at + 1, 0, blocks[i] ?? '');
      await writeFile(join(copy, file), lines.join('\n'));
    }
    await run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: copy });
    const show = `
      const { renderSnapshot } = await import('./dist/metrics/families.js');
      const { poolReader } = await import('./dist/cinder/pools.js');
      const { createCutter } = await import('./dist/cinder/wire.js');
      const pool = poolReader(createCutter(99)).decode({ name: 'h@b#p', capabilities: { thick_provisioning_support: 'True' } });
      for (const { samples } of renderSnapshot({ up: true, backends: [], services: [], pools: [pool], volumeTypes: [], collectors: [], histories: new Map() })) process.stdout.write([...samples].join(''));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', show], { cwd: copy });
    assert.match(stdout, /^cinder_pool_thick_provisioning\{host="h@b",backend="b",pool="p"\} 1$/m);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
