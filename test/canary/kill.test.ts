import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setInterval as every } from 'node:timers/promises';
import { runProgram } from '../support/program.ts';
import { canaryBench, type Asked, EVERYTHING, type Way } from './bench.ts';

const MINUTE = 60_000;

/** What a round asks of Cinder when nothing goes wrong, in order. */
const LOOK = ['GET /volumes/detail', 'GET /volumes/detail', 'GET /types'];
const DELETE = ['GET /volumes/ID', 'DELETE /volumes/ID', 'GET /volumes/ID'];
const ROUND = [...LOOK, 'POST /volumes', 'GET /volumes/ID', ...DELETE];
const FULL_ROUND = [
  ...LOOK,
  'POST /volumes',
  'GET /volumes/ID',
  'GET /volumes/ID',
  'POST /snapshots',
  'GET /snapshots/ID',
  'GET /snapshots/ID',
  'DELETE /snapshots/ID',
  'GET /snapshots/ID',
  'POST /attachments',
  'GET /volumes/ID',
  'GET /attachments',
  'DELETE /attachments/ID',
  'GET /volumes/ID',
  ...DELETE,
];
const ROUNDS = [
  { what: 'a round', config: {}, requests: ROUND },
  { what: 'a round that does everything', config: EVERYTHING, requests: FULL_ROUND },
];

const nameOf = ({ method, path }: Asked): string =>
  `${method} ${path.replace(/\?.*/, '').replace(/[\da-f-]{36}/, 'ID')}`;

for (const { what, config, requests } of ROUNDS) {
  test(`the requests of ${what}`, async (t) => {
    const bench = await canaryBench(t);
    await bench.through(bench.start(config).once('canary-one'));
    assert.deepEqual(bench.asked.map(nameOf), requests);
    assert.deepEqual(await bench.held(), { snapshots: 0, attachments: 0 });
  });

  for (const [n, name] of requests.entries())
    for (const way of ['lost', 'unheard'] as const satisfies readonly Way[])
      test(`the process dies at request ${n + 1} of ${what} (${name}, ${way === 'lost' ? 'which Cinder never sees' : 'after Cinder has seen it'}): nothing is left by the next`, async (t) => {
        const bench = await canaryBench(t);
        const foreign = bench.simulator.cloud.makeVolume('standard', 1);
        const dying = bench.start(config);
        bench.gate = () => {
          if (bench.asked.length <= n) return 'pass';
          dying.close();
          return way;
        };
        await bench.through(dying.once('canary-one'));
        assert.equal(bench.asked.length, n + 1, 'a dead process asks nothing more');
        bench.gate = () => 'pass';
        await bench.pass(27 * MINUTE);
        await bench.pass(MINUTE);
        const next = bench.start(config);
        await bench.through(next.once('canary-one'));
        assert.equal(next.rows()[0]?.last?.success, true);
        assert.deepEqual(
          (await bench.volumes()).map(({ id }) => id),
          [foreign],
        );
        assert.deepEqual(await bench.held(), { snapshots: 0, attachments: 0 });
        for (const thing of ['volumes', 'snapshots', 'attachments'])
          assert.ok(bench.asked.filter((one) => nameOf(one) === `POST /${thing}`).length <= 2, thing);
      });
}

test('a process that is killed at every request, each time begun again: nothing is left', async (t) => {
  const bench = await canaryBench(t);
  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const login = (who: string, project: string, endpoint?: string): object => ({
    auth: {
      auth_url: bench.simulator.authUrl,
      username: who,
      password: `${who}-pw`,
      project_name: project,
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    },
    ...(endpoint !== undefined && { block_storage_endpoint_override: endpoint }),
  });
  const clouds = { clouds: { watch: login('admin', 'admin'), canary: login('canary', 'canary', bench.endpoint) } };
  writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify(clouds));
  const { connector, ...more } = EVERYTHING;
  const canary = { os_cloud: 'canary', volume_types: { 'canary-one': 'h1@one' }, ...more, attach: { connector } };
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify({ clouds: { watch: { canary } } }));
  const env = { OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml') };
  const args = ['canary', '--once', '--config.file', join(folder, 'config.yaml')];

  // The cloud's time passes while the processes run.
  const stop = new AbortController();
  const passing = (async (): Promise<void> => {
    for await (const _ of every(20, undefined, { signal: stop.signal })) bench.time.advance(500);
  })().catch(() => undefined);
  t.after(async () => {
    stop.abort();
    await passing;
  });

  for (const [n, name] of FULL_ROUND.entries()) {
    const before = bench.asked.length;
    const killed = await runProgram(args, {
      env,
      started(kill) {
        bench.gate = () => {
          if (bench.asked.length - before <= n) return 'pass';
          kill('SIGKILL');
          return n % 2 ? 'lost' : 'unheard';
        };
      },
    });
    assert.equal(killed.code, null, `${name}: ${killed.stdout}${killed.stderr}`);
    bench.gate = () => 'pass';
    bench.time.advance(28 * MINUTE);
  }
  const last = await runProgram(args, { env });
  assert.equal(last.code, 0, last.stdout + last.stderr);
  assert.match(last.stdout, /^canary-one +h1@one +ok(?: +\d+\.\d s){5}$/m);
  assert.deepEqual(await bench.volumes(), []);
  assert.deepEqual(await bench.held(), { snapshots: 0, attachments: 0 });
});
