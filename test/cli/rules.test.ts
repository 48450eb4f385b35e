import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { rules } from '../../src/cli/rules.ts';
import { ALERTS, rulesOf, RULES } from '../alerts/shipped.ts';

const main = new URL('../../dist/main.js', import.meta.url).pathname;
const printed = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [main, 'rules', ...args], { encoding: 'utf8' });

test('rules --without leaves out these alerts, and nothing else', () => {
  const without = ['CinderBackendFlapping', 'CinderPoolFillingUp'];
  assert.ok(without.every((name) => ALERTS.some(({ alert }) => alert === name)));
  assert.deepEqual(
    rulesOf(printed('--without', 'CinderBackendFlapping', '--without=CinderPoolFillingUp')),
    RULES.filter(({ alert = '' }) => !without.includes(alert)),
  );
});

test('rules --without wants the name of an alert', () => {
  for (const [name, message] of [
    ['CinderBackendFlaping', '--without: "CinderBackendFlaping" is no alert, did you mean CinderBackendFlapping?'],
    ['nonsense', '--without: "nonsense" is no alert; docs/runbooks/README.md lists them'],
  ] as const)
    assert.throws(() => rules(['--without', name]), { message });
});
