import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** A step of a worked example: what is written into which file, and where. */
interface Step {
  readonly file: string;
  readonly place: 'behind' | 'before' | 'at the end' | 'a new file';
  /** The text at the start of the line, or of the lines in one, that is meant by "behind" and "before". */
  readonly line: string;
  readonly text: string;
}

/** The steps that have code, from the words of the guide alone. */
function stepsOf(section: string): readonly Step[] {
  return [...section.matchAll(/^\d+\. ([^]*?)^ {3}(`{3,})\w+\n([^]*?)^ {3}\2$/gm)].map(
    ([, words = '', , block = '']) => {
      const told = words.split(/^\d+\. /m).at(-1) ?? '';
      const place = /\b(behind|before) `(.+?)`|\b(at the end)\b|\b(a new file)\b/.exec(told);
      assert.ok(place, `no place in: ${told}`);
      return {
        file: /\]\((\S+)\)[^\]]*$/.exec(told.slice(0, place.index))?.[1] ?? /docs\/\S+\.md/.exec(told)?.[0] ?? '',
        place: (place[1] ?? place[3] ?? place[4]) as Step['place'],
        line: place[2] ?? '',
        text: block.replaceAll(/^ {3}/gm, ''),
      };
    },
  );
}

async function follow(folder: string, { file, place, line, text }: Step): Promise<void> {
  const path = join(folder, file);
  if (place === 'a new file') return writeFile(path, text, { flag: 'wx' });
  const before = await readFile(path, 'utf8');
  if (place === 'at the end') return writeFile(path, `${before}\n${text.replaceAll(/^(?=.)/gm, '  ')}`);
  // Code may be broken into lines.
  const words = line.split(' ').map((word) => word.replaceAll(/[^\w]/g, String.raw`\$&`));
  const pattern = new RegExp(`^ *${words.join(String.raw`\s*`)}.*\n`, 'gm');
  const places = [...before.matchAll(pattern)];
  assert.equal(places.length, 1, `${file}: ${line}`);
  const at = (places[0]?.index ?? 0) + (place === 'behind' ? (places[0]?.[0].length ?? 0) : 0);
  return writeFile(path, before.slice(0, at) + text + before.slice(at));
}

/** What the changes must satisfy; one process runs them all. */
const TESTS = [
  'test/metrics/families.test.ts',
  'test/metrics/golden.test.ts',
  'test/cinder/decode.test.ts',
  'test/grafana/names.test.ts',
  'test/alerts/catalogue.test.ts',
  'test/alerts/generated.test.ts',
  'test/alerts/promql.test.ts',
  'test/alerts/settings.test.ts',
  'test/runbooks/commands.test.ts',
];

test('the worked examples of CONTRIBUTING.md, followed on a copy, add a family and an alert', async (t) => {
  const guide = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const sections = ['a family', 'an alert'].map((what) =>
    stepsOf(guide.split(`\n## Adding ${what}: a worked example\n`)[1]?.split(/^## [ARW]/m)[0] ?? ''),
  );
  assert.deepEqual(
    sections.map((steps) => steps.length),
    [6, 5],
  );
  const copy = await mkdtemp(join(tmpdir(), 'cinder-exporter-contributing-'));
  t.after(() => rm(copy, { recursive: true, force: true }));
  const left = ['node_modules', 'dist', '.git', 'pictures', 'lab'];
  await cp(root, copy, { recursive: true, filter: (path) => !left.includes(basename(path)) });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const steps = sections.flat();
  for (const step of steps) await follow(copy, step);
  const node = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run(process.execPath, ['--import', 'tsx', ...args], {
      cwd: copy,
      env: { PATH: process.env['PATH'], ...env },
    }).catch((error: Error & { readonly stdout: string }) => {
      throw new Error(`${args.join(' ')}: ${error.message}\n${error.stdout}`);
    });
  await Promise.all([node(['scripts/docs-metrics.ts']), node(['alerts/generate.ts'])]);
  await writeFile(join(copy, 'all.ts'), TESTS.map((file) => `import './${file}';\n`).join(''));
  const written = steps.flatMap(({ file }) => (file.endsWith('.ts') ? [file] : []));
  const project = { extends: './tsconfig.json', include: [], files: written };
  await writeFile(join(copy, 'tsconfig.written.json'), JSON.stringify(project));
  await Promise.all([
    node(['all.ts'], { UPDATE_GOLDEN: '1' }),
    node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.written.json']),
  ]);
  const page = await readFile(join(copy, 'test/golden/healthy.prom'), 'utf8');
  assert.match(page, /^cinder_pool_thick_provisioning\{host="lab@pools",backend="pools",pool="fast"\} 0$/m);
  assert.match(
    await readFile(join(copy, 'docs/metrics.md'), 'utf8'),
    /^\| `cinder_pool_thick_provisioning` \| gauge /m,
  );
  assert.match(await readFile(join(copy, 'alerts/cinder.rules.yml'), 'utf8'), /alert: CinderPoolReserveUsed\n/);
});
