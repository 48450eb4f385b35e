import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

test('docs/configuration.md is what the schema and the flags say', () => {
  const script = fileURLToPath(new URL('../../scripts/docs-configuration.ts', import.meta.url));
  assert.equal(execFileSync(process.execPath, ['--import', 'tsx', script, '--check'], { encoding: 'utf8' }), '');
});
