import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * `npm test`: the types and the tests; fails when either does, and neither hides what the other says. Arguments are test files, or folders of
 * them, and options of Node's test runner; without any file it is every test that needs Node.js alone.
 */
const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('-'));
const named = args.filter((arg) => !arg.startsWith('-'));
const files =
  named.length > 0
    ? named.flatMap((path) => (statSync(path).isDirectory() ? testsIn(path) : [path]))
    : testsIn('test').filter((path) => !path.startsWith(join('test', 'real')));

function testsIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join(folder, path))
    .toSorted();
}

async function succeeds(program: string, ...command: readonly string[]): Promise<boolean> {
  const [code] = (await once(spawn(program, command, { stdio: 'inherit' }), 'exit')) as [number | null];
  return code === 0;
}

const succeed = (tests: readonly string[], flag: string): Promise<boolean> =>
  succeeds(process.execPath, flag, '--test', '--test-concurrency=2', ...options, ...tests);

/**
 * Compiles the tests once: tsx in each of their processes was most of what the small ones took. Each file still has a process of its own. What is
 * read by a path from the source is found where it was: a file's own address is written into it.
 */
async function compile(folder: string): Promise<string[]> {
  await build({
    entryPoints: files,
    outbase: '.',
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [
      {
        name: 'own-address',
        setup: (building) =>
          building.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            const contents = text
              .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path)))
              .replaceAll('import.meta.filename', JSON.stringify(path));
            return { loader: 'ts', contents };
          }),
      },
    ],
  });
  return files.map((file) => join(folder, relative('.', file).replace(/\.ts$/, '.js')));
}

// Ctrl+C ends the children, and then this one.
process.on('SIGINT', () => undefined);
const typed = await succeeds('npm', 'run', '--silent', 'typecheck');
const folder = mkdtempSync(join(tmpdir(), 'cinder-exporter-tests-'));
symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
// A file with a mistake must not hide what the others say: then each is compiled in its own process.
const compiled = await compile(folder).catch(() => undefined);
const passed = await (compiled ? succeed(compiled, '--enable-source-maps') : succeed(files, '--import=tsx'));
rmSync(folder, { recursive: true });
if (!typed) process.stderr.write('\nThe types are wrong: see above the tests.\n');
process.exitCode = typed && passed ? 0 : 1;
