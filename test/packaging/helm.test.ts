import { Ajv } from 'ajv';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url).pathname;
const chart = join(root, 'deploy/helm/cinder-exporter');
const read = (path: string): string => readFileSync(join(chart, path), 'utf8');
const values = parse(read('values.yaml')) as Record<string, unknown>;
const schema = JSON.parse(read('values.schema.json')) as Schema;

interface Schema {
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

test('the chart is of the version of the package', () => {
  const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    description: string;
  };
  const { apiVersion, name, ...rest } = parse(read('Chart.yaml')) as Record<string, unknown>;
  assert.deepEqual([apiVersion, name], ['v2', 'cinder-exporter']);
  assert.deepEqual([rest['version'], rest['appVersion'], rest['description']], [version, version, description]);
});

test('rules and dashboards are links to the real ones, so they cannot differ', () => {
  const wanted = { 'cinder.rules.yml': 'alerts/cinder.rules.yml', dashboards: 'grafana/dashboards' };
  assert.deepEqual(readdirSync(join(chart, 'files')).toSorted(), Object.keys(wanted).toSorted());
  for (const [name, path] of Object.entries(wanted)) {
    const link = join(chart, 'files', name);
    assert.ok(!readlinkSync(link).startsWith('/'), 'a link within the repository');
    assert.equal(realpathSync(link), realpathSync(join(root, path)));
  }
});

/** The keys that a closed object has and its schema does not, or the other way round, with their place. */
function uncovered(given: unknown, { additionalProperties, properties = {} }: Schema, place = ''): string[] {
  if (additionalProperties !== false) return [];
  const object = given as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(object), ...Object.keys(properties)])].flatMap((key) => {
    const inner = properties[key];
    return inner && key in object ? uncovered(object[key], inner, `${place}/${key}`) : [`${place}/${key}`];
  });
}

test('the schema describes the values, key by key', () => {
  const validate = new Ajv({ allErrors: true }).compile(schema);
  assert.equal(validate(values), true, JSON.stringify(validate.errors));
  // Left out of values.yaml: what other charts give, and the keys of the files that are empty there.
  assert.deepEqual(uncovered(values, schema), [
    '/config/clouds',
    '/config/defaults',
    '/config/grafana_url',
    '/config/runbook_url',
    '/web/config/tls_server_config',
    '/web/config/http_server_config',
    '/web/config/basic_auth_users',
    '/web/config/rate_limit',
    '/global',
  ]);
});

test('every value is used', () => {
  const templates = readdirSync(join(chart, 'templates'))
    .map((name) => read(`templates/${name}`))
    .join('\n');
  const keys = Object.keys(values);
  assert.ok(keys.length > 15);
  for (const key of keys) assert.ok(templates.includes(`.Values.${key}`), key);
});
