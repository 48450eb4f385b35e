import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const notes = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'scripts/release-notes.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

test('the notes of a release are the section of the changelog, and a version that it does not know is an error', () => {
  const changelog = readFileSync(new URL('CHANGELOG.md', root), 'utf8');
  const [, version = '', body = ''] = /^## (\S+).*\n\n([^]*?)(?=\n## |$(?![^]))/m.exec(changelog) ?? [];
  assert.equal(notes(version).stdout.trim(), body.trim());
  const unknown = notes('99.9.9');
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /CHANGELOG\.md: expected a section "## 99\.9\.9"/);
  assert.equal(notes('99.9').status, 1, 'no beginning of a version is taken for it');
});
