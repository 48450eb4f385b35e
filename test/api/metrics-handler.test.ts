import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTelemetryPath, TAKEN_PATHS } from '../../src/api/metrics-handler.ts';
import { describeApi } from '../../src/api/openapi.ts';
import { FLAGS, parseFlags } from '../../src/cli/flags.ts';
import { checkConfiguration, load, serve } from '../../src/cli/serve.ts';

const env = {
  OS_AUTH_URL: 'http://127.0.0.1:9/v3',
  OS_USERNAME: 'u',
  OS_PASSWORD: 'pw',
  OS_PROJECT_NAME: 'p',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};
const surroundings = { env, cwd: '/nonexistent', home: '/nonexistent' };

test('the paths that a metrics page cannot have are all that are served', () => {
  const described = Object.keys(describeApi('/metrics').paths);
  const others = described.filter(
    (path) => path !== '/' && path !== '/metrics' && !path.startsWith('/-/') && !path.includes('{'),
  );
  assert.deepEqual([...TAKEN_PATHS].toSorted(), others.toSorted());
});

const REFUSED = [
  'metrics / //metrics /metrics/ /a//b /./m /a/.. ../m http://h/metrics /metrics?x=1 /metrics#x /metrics* /m* /a+ /a!b',
  '/(x) /a(b /:x /a\\b /{m} /[m] /métriques /%6d /m;v=1 /a,b /-/healthy /-/x /SD /Api/V1/Backends /Probe',
].flatMap((line) => line.split(' '));

for (const path of [...REFUSED, ...TAKEN_PATHS, '/metrics ', '/me trics', '/m\n', `/${'m'.repeat(200)}`]) {
  test(`refused at the start and by --config.check: ${JSON.stringify(path.slice(0, 30))}`, async () => {
    const flags = parseFlags([`--web.telemetry-path=${path}`, '--web.listen-address=127.0.0.1:0'], FLAGS).values;
    const expected =
      /^--web\.telemetry-path: expected a path (such as \/metrics|at which nothing else is served).*, got /;
    await assert.rejects(checkConfiguration(flags, surroundings), { message: expected });
    await assert.rejects(
      serve(
        flags,
        () => load(flags, surroundings),
        () => undefined,
      ),
      { message: expected },
    );
  });
}

test('an address that is none is refused by --config.check too', async () => {
  const flags = parseFlags(['--web.listen-address=localhost'], FLAGS).values;
  await assert.rejects(checkConfiguration(flags, surroundings), /--web\.listen-address: expected host:port/);
});

for (const path of ['/metrics', '/m', '/cinder/metrics', '/a.b-c_d~e/0', '/.well-known/metrics', '/sdx', '/probe/x']) {
  test(`served at ${path}, and everything else where it was`, async (t) => {
    assert.equal(checkTelemetryPath(path), path);
    const flags = parseFlags([`--web.telemetry-path=${path}`, '--web.listen-address=127.0.0.1:0'], FLAGS).values;
    const serving = await serve(
      flags,
      () => load(flags, surroundings),
      () => undefined,
    );
    t.after(() => serving.close());
    const get = async (at: string): Promise<string> => {
      const answer = await fetch(`http://${serving.addresses[0]}${at}`, { headers: { connection: 'close' } });
      assert.equal(answer.status, 200, at);
      return answer.text();
    };
    assert.match(await get(path), /cinder_exporter_build_info/);
    assert.match(await get('/-/healthy'), /healthy/);
    assert.match(await get('/sd'), /^\[/);
  });
}
