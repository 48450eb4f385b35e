import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Bundles the program with its packages into dist: looking up and compiling two hundred files of ours and a thousand of theirs would be most of
 * the start, and a fifth of the memory. What is loaded with `import()` becomes a file of its own. The packages stay `dependencies`, so that
 * audits and bills of materials see what is inside.
 */
const OUT = fileURLToPath(new URL('../dist/', import.meta.url));

/**
 * What packages load and nothing here calls, and what stands in its place: Express' readers of bodies, with the tables of all character sets, zod's
 * messages in fifty languages, and of prom-client its summaries and the spans of a tracer that nobody starts. They were a quarter of the bundle, and a
 * seventh of the CPU until the first page is shown.
 */
const UNUSED: Readonly<Record<string, string>> = {
  'body-parser/index.js': 'module.exports = {};',
  'zod/v4/locales/index.js': "export { default as en } from './en.js';",
  '@opentelemetry/api/dist/index.cjs': 'module.exports = {};',
  'tdigest/tdigest.js': 'module.exports = {};',
};
const replaced = new Set<string>();

/**
 * What the exporter loads at its start is in few files, and not in one for each set of commands that need a part of it: each file is a third of a
 * millisecond of CPU. So whatever is loaded later loads that first, but for what a health check needs.
 */
const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const AFTER_START = ['cli/serve.ts', 'config/load.ts']
  .map((file) => `import ${JSON.stringify(join(SRC, file))};`)
  .join('');
const SMALL = ['cli/run.ts', 'cli/healthcheck.ts'].map((file) => join(SRC, file));

/** Every file that is loaded with `import()`; found before the build, so that it does not depend on what esbuild reads first. */
async function loadedLater(): Promise<ReadonlySet<string>> {
  const later = new Set<string>();
  for (const file of await readdir(SRC, { recursive: true })) {
    if (!file.endsWith('.ts')) continue;
    const text = await readFile(join(SRC, file), 'utf8');
    for (const [, path = ''] of text.matchAll(/import\('(\.[^']+\.ts)'\)/g)) later.add(join(SRC, dirname(file), path));
  }
  for (const file of SMALL) later.delete(file);
  return later;
}
const later = await loadedLater();

await rm(OUT, { recursive: true, force: true });
await build({
  entryPoints: [fileURLToPath(new URL('../src/main.ts', import.meta.url))],
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  plugins: [
    {
      name: 'one file at the start',
      setup: (building) => {
        building.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
          const contents = await readFile(path, 'utf8');
          return { contents: later.has(path) ? AFTER_START + contents : contents, loader: 'ts' };
        });
      },
    },
    {
      name: 'unused',
      setup: (building) => {
        for (const [file, contents] of Object.entries(UNUSED))
          building.onLoad({ filter: new RegExp(`/node_modules/${file}$`) }, () => {
            replaced.add(file);
            return { contents };
          });
      },
    },
  ],
  logLevel: 'warning',
  // CommonJS packages within ask for Node's own modules by `require`.
  banner: { js: "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);" },
});
const gone = Object.keys(UNUSED).filter((file) => !replaced.has(file));
if (gone.length > 0) throw new Error(`scripts/build.ts: no package loads ${gone.join(', ')} any more`);
await cp(new URL('../docs/runbooks/', import.meta.url), new URL('../dist/runbooks/', import.meta.url), {
  recursive: true,
});
// Browsers get these as they are.
for (const file of ['client.js', 'style.css'])
  await cp(
    new URL(`../src/pages/browser/${file}`, import.meta.url),
    new URL(`../dist/browser/${file}`, import.meta.url),
  );
