import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { renderRules } from '../../src/rules/render.ts';
import { defaultSettings, parseSettings, scaleDurations } from '../../src/rules/settings.ts';
import { goProgram } from './go-install.ts';

const alerts = new URL('../../alerts/', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'cinder-rules-'));
after(() => rmSync(scratch, { recursive: true }));

/** Runs a tool in `alerts/tests`; a failure, or no such tool, fails the test with what it said. */
function run(tool: string, ...args: string[]): string {
  try {
    return execFileSync(tool, args, { cwd: join(alerts, 'tests'), encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    assert.fail(`${message}\n${stdout}\n${stderr}`);
  }
}

/** Debian's 2.42, the oldest that alerts/README.md promises, and 3. All the cases cost minutes of CPU for each: those of the older one are played at night. */
const PROMTOOLS = { 'promtool 2': 'promtool', 'promtool 3': goProgram('promtool') };
const PLAYS = process.env['NIGHT'] === '1' ? 'promtool 2' : 'promtool 3';

for (const [which, promtool] of Object.entries(PROMTOOLS)) {
  describe(which, () => {
    test('check rules finds nothing to say, as shipped, with other settings, and scaled', () => {
      const variants = {
        shipped: defaultSettings(),
        other: parseSettings(['selector=job=~"a|b",region!="x"', 'replica_labels=instance', 'backend_down_for=1h30m']),
        scaled: scaleDurations(defaultSettings(), 0.05),
      };
      for (const [name, settings] of Object.entries(variants)) {
        const file = join(scratch, `${name}.yml`);
        writeFileSync(file, renderRules(settings));
        assert.match(run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', file), /SUCCESS: \d+ rules found/);
      }
    });

    if (which !== PLAYS) return;
    for (const file of readdirSync(join(alerts, 'tests')).filter((name) => name.endsWith('.test.yml'))) {
      test(`test rules ${file}`, () => {
        assert.match(run(promtool, 'test', 'rules', file), /SUCCESS/);
      });
    }
  });
}

test('amtool accepts the example of Alertmanager', () => {
  assert.match(run('amtool', 'check-config', join(alerts, 'alertmanager.example.yml')), /SUCCESS/);
});
