import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { GENERATED, WITH_TABLES } from '../../alerts/generate.ts';
import { renderRules } from '../../src/rules/render.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import { readText } from './shipped.ts';

test('the committed files are what the catalogue renders', () => {
  for (const [file, format] of GENERATED) {
    assert.equal(
      readText(`alerts/${file}`),
      renderRules(defaultSettings(), format),
      `alerts/${file} is old: run npm run docs`,
    );
  }
  for (const [file, write] of WITH_TABLES) {
    const page = readText(`alerts/${file}`);
    assert.equal(page, write(page), `alerts/${file} is old: run npm run docs`);
  }
});

test('the PrometheusRule holds exactly the groups of the rule file', () => {
  const plain = parse(renderRules(defaultSettings())) as { groups: unknown };
  const custom = parse(renderRules(defaultSettings(), 'prometheusrule')) as {
    apiVersion: string;
    kind: string;
    spec: unknown;
  };
  assert.equal(custom.apiVersion, 'monitoring.coreos.com/v1');
  assert.equal(custom.kind, 'PrometheusRule');
  assert.deepEqual(custom.spec, plain);
});

test('comments say why, in the file that people read', () => {
  const text = readText('alerts/cinder.rules.yml');
  const comments = text.split('\n').filter((line) => line.trim().startsWith('#'));
  assert.ok(comments.length > 40, `${comments.length} lines of comment`);
  assert.ok(comments.every((line) => line.length <= 150));
});
