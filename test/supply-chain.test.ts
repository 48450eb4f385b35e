import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly resolved?: string;
  readonly integrity?: string;
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Locked>;
};
const all = Object.entries(lock.packages).filter(([path]) => path !== '');
const production = all.filter(([, { dev, devOptional }]) => !dev && !devOptional);
/** Licences under which the program may be passed on as one file. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0']);

test('production dependencies are few, permissive, and bring no install scripts', () => {
  assert.ok(production.length > 5 && production.length <= 90, `${production.length} packages`);
  for (const [path, { license, hasInstallScript }] of production) {
    assert.ok(PERMISSIVE.has(license ?? ''), `${path}: ${license}`);
    assert.equal(hasInstallScript ?? false, false, path);
  }
});

test('nothing in production is compiled, or made for one kind of machine', () => {
  for (const [path, { os, cpu }] of production) {
    assert.deepEqual([os, cpu], [undefined, undefined], path);
    const files = readdirSync(new URL(`../${path}/`, import.meta.url), { recursive: true, encoding: 'utf8' });
    assert.ok(files.includes('package.json'), path);
    assert.deepEqual(
      files.filter((name) => /\.(node|gyp|so|dylib|dll|wasm)$/.test(name)),
      [],
      path,
    );
  }
});

test('the lockfile pins every package by its hash, and names no place of its own', () => {
  for (const [path, { integrity, resolved }] of all) {
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.equal(resolved, undefined, path);
  }
});
