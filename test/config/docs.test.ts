import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

for (const [script, what] of [
  ['docs-configuration', 'docs/configuration.md is what the schema says'],
  ['docs-interface', 'docs/commands.md is what --help prints, docs/http.md what /openapi.json says'],
]) {
  test(String(what), () => {
    const file = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
    assert.equal(execFileSync(process.execPath, ['--import', 'tsx', file, '--check'], { encoding: 'utf8' }), '');
  });
}
