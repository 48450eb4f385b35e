import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DRIVERS } from '../../src/cinder/drivers.ts';

const LINES = JSON.parse(readFileSync(new URL('../fixtures/driver-lines.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;

/** The drivers of one release of Cinder, from PyPI; or of a folder that is there already, such as a virtual environment's. */
function packageOf(release: string): string {
  const given = process.env['CINDER_PACKAGE'];
  if (given) return given;
  const folder = mkdtempSync(join(tmpdir(), 'cinder-package-'));
  execFileSync('python3', [
    '-m',
    'pip',
    'download',
    `cinder==${release}`,
    '--no-deps',
    '--only-binary',
    ':all:',
    '-d',
    folder,
  ]);
  const [wheel] = readdirSync(folder);
  execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, wheel ?? ''), folder]);
  return folder;
}

test('every line that the table of drivers rests on is in the package of Cinder, and the vendor is in its drivers', () => {
  const [release] = new Set(DRIVERS.map((driver) => driver.release));
  assert.ok(release);
  const folder = join(packageOf(release), 'cinder/volume/drivers');
  for (const { product, vendor, source } of DRIVERS) {
    const [file = '', number] = source.split(':');
    const line = readFileSync(join(folder, file), 'utf8').split('\n')[Number(number) - 1];
    assert.equal(line?.trim(), LINES[source], `${product}, ${source}`);
    assert.ok(names(folder, vendor), `${product}: no driver says ${vendor}`);
  }
});

/** Some driver has this vendor as a literal, near the word vendor. */
function names(folder: string, vendor: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py') || name.endsWith('.xml'))
    .some((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .some(
          (line) =>
            /vendor/i.test(line) && [`'${vendor}'`, `"${vendor}"`, `>${vendor}<`].some((one) => line.includes(one)),
        ),
    );
}
