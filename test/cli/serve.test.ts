import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FLAGS, parseFlags, type ServeFlags } from '../../src/cli/flags.ts';
import { load, serve, type Serving } from '../../src/cli/serve.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { SMALL_CLOUD, type LogLine } from '../watch/watched.ts';
import { waitFor } from '../support/wait-for.ts';

interface Started {
  readonly serving: Serving;
  readonly log: LogLine[];
  readonly url: string;
  readonly get: (path: string, method?: string) => Promise<{ status: number; text: string }>;
}

function flagsOf(...args: string[]): ServeFlags {
  return parseFlags(['--web.listen-address=127.0.0.1:0', ...args], FLAGS).values;
}

/** Closing waits for an hour if anything is in its way: the test would not end. */
async function start(t: TestContext, flags: ServeFlags, env: Record<string, string>): Promise<Started> {
  const log: LogLine[] = [];
  const surroundings = { env, cwd: '/nonexistent', home: '/nonexistent' };
  const serving = await serve(
    flags,
    () => load(flags, surroundings),
    (level, message, fields) => void log.push({ ...fields, level, message }),
    3_600_000,
  );
  t.after(() => serving.close());
  const url = `http://${serving.addresses[0]}`;
  return {
    serving,
    log,
    url,
    async get(path, method = 'GET') {
      const answer = await fetch(url + path, { method, headers: { connection: 'close' } });
      return { status: answer.status, text: await answer.text() };
    },
  };
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'cinder-exporter-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('without a configuration file the cloud is called as it is found', async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  const env = simulator.environment();
  const dir = await folder(t);
  const entry = { auth: { auth_url: env['OS_AUTH_URL'], token: 't' } };
  await writeFile(join(dir, 'clouds.yaml'), JSON.stringify({ clouds: { only: entry } }));
  const nameIn = async (variables: Record<string, string>, cwd = '/nonexistent') =>
    (await load(flagsOf(), { env: variables, cwd, home: '/nonexistent' })).targets.map(({ config }) => config.name);
  assert.deepEqual(await nameIn(env), ['envvars']);
  assert.deepEqual(await nameIn({ ...env, OS_CLOUD_NAME: 'mine' }), ['mine']);
  assert.deepEqual(await nameIn({}, dir), ['only']);
  assert.deepEqual(await nameIn({ OS_CLOUD: 'only' }, dir), ['only']);
});

test('serves one cloud from OS_* alone, first refresh at once', async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  const { get, log } = await start(t, flagsOf(), simulator.environment());
  await waitFor('ready', async () => (await get('/-/ready')).status === 200);
  const page = parseExposition((await get('/metrics')).text, 'text');
  assert.equal(page.value('cinder_up'), 1);
  assert.equal(page.value('cinder_exporter_config_last_reload_successful'), 1);
  assert.equal(page.value('cinder_exporter_refresh_interval_seconds'), 30);
  assert.equal(page.samples('cinder_exporter_build_info').length, 1);
  await waitFor('what is watched', () => log.length > 1);
  assert.ok(!JSON.stringify(log).includes(simulator.environment()['OS_PASSWORD'] ?? '?'));
  const [listening, ...watching] = log;
  assert.equal(listening?.message, 'Listening on');
  assert.deepEqual(watching, [{ level: 'info', message: 'Watching', cloud: 'envvars', backends: 4, critical: 1 }]);
});

test('a bad new file keeps the old configuration, and says so in a metric, the log and the answer', async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  const file = join(await folder(t), 'exporter.yaml');
  writeFileSync(file, 'defaults:\n  interval: 1h\n');
  const { get, log, serving } = await start(
    t,
    flagsOf(`--config.file=${file}`, '--web.enable-lifecycle'),
    simulator.environment(),
  );
  await waitFor('ready', async () => (await get('/-/ready')).status === 200);
  writeFileSync(file, 'defaults:\n  intervall: 1h\n');
  const bad = await get('/-/reload', 'POST');
  assert.equal(bad.status, 500);
  assert.match(bad.text, /exporter\.yaml:2:3: .*intervall/);
  const read = async () => parseExposition((await get('/metrics')).text, 'text');
  await waitFor('told', async () => (await read()).value('cinder_exporter_config_last_reload_successful') === 0);
  assert.equal((await read()).value('cinder_up'), 1);
  assert.equal(log.filter(({ level }) => level === 'error').length, 1);
  writeFileSync(file, 'defaults:\n  interval: 2h\n');
  assert.equal(await serving.reload(), undefined);
  await waitFor('reloaded', async () => (await read()).value('cinder_exporter_refresh_interval_seconds') === 7200);
  assert.equal((await read()).value('cinder_exporter_config_last_reload_successful'), 1);
});

test('an address that is taken, and a cloud that is not configured, are errors before anything runs', async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  const { serving } = await start(t, flagsOf(), simulator.environment());
  const taken = parseFlags([`--web.listen-address=${serving.addresses[0]}`], FLAGS).values;
  simulator.requests.reset();
  await assert.rejects(start(t, taken, simulator.environment()), /already in use/);
  await assert.rejects(start(t, flagsOf(), {}), /cinder-exporter demo/);
});

test('closing answers what is under way, stops the timers and frees the port', { timeout: 60_000 }, async (t) => {
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(() => simulator.close());
  const { serving, get, url } = await start(t, flagsOf(), simulator.environment());
  await waitFor('ready', async () => (await get('/-/ready')).status === 200);
  await serving.close();
  await assert.rejects(fetch(`${url}/metrics`));
});
