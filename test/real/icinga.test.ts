import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { freePorts } from '../lab/free-port.ts';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { startExporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { SMALL_CLOUD } from '../watch/watched.ts';
import { startDaemon } from './daemon.ts';
import { shellCommand, tool } from './tool.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PASSWORD = 'of-this-test';

/** The page docs/icinga.md, followed with a real Icinga 2: its configuration is checked, and its checks are executed. */
test(
  'docs/icinga.md: the configuration is valid, and each service says what its backend is',
  { timeout: 180_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'cinder-icinga-'));
    const etc = join(folder, 'icinga2');
    cpSync('/etc/icinga2', etc, { recursive: true, dereference: true });
    // What Debian's example checks: this machine.
    rmSync(join(etc, 'conf.d/hosts.conf'));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const command = (name: string, script: string): void => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    const places = ['DataDir', 'LogDir', 'CacheDir', 'SpoolDir', 'InitRunDir'].map((place) => {
      mkdirSync(join(folder, place));
      return `-D${place}=${join(folder, place)}`;
    });
    const icinga = tool(['sh', '-c', 'command -v icinga2']).trim();
    const where = ['-DRunAsUser=root', '-DRunAsGroup=root', `-DConfigDir=${etc}`, ...places].join(' ');
    command('icinga2', `case $1 in daemon) set -- "$@" -c ${etc}/icinga2.conf;; esac\nexec ${icinga} "$@" ${where}`);
    command('cinder-exporter', `exec ${process.execPath} ${join(ROOT, 'dist/main.js')} "$@"`);
    command('systemctl', `echo "$@" >${folder}/asked`);
    const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: folder, LC_ALL: 'C.UTF-8' };

    const simulator = await startSimulator({ cloud: SMALL_CLOUD });
    const exporter = await startExporter({ environment: simulator.environment() });
    await exporter.waitFor('the cloud', (page) => page.value('cinder_up') === 1);
    t.after(async () => {
      await exporter.stop();
      await simulator.close();
      rmSync(folder, { recursive: true });
    });
    const [port = 0] = await freePorts(1);
    const run = (commands: string): string =>
      tool(
        shellCommand(
          commands
            .replaceAll('http://EXPORTER:10776', exporter.url)
            .replaceAll('/etc/icinga2/', `${etc}/`)
            .replaceAll('localhost:5665', `localhost:${port}`)
            .replaceAll('PASSWORD', PASSWORD),
        ),
        { cwd: ROOT, env },
      );

    const [byHand = '', install = '', host = '', load = '', look = '', ...more] = commandBlocks('docs/icinga.md');
    assert.deepEqual(more, []);
    assert.match(
      run(byHand),
      /^CRITICAL: 1 down of 4 backends: c2@broken "x"(?: \(at least \d+ s\))? \| backends=4;;;0 [^]*\nexit code 2\n$/,
    );
    run(install);
    run(host);
    const hosts = join(etc, 'conf.d/cinder-hosts.conf');
    writeFileSync(
      join(etc, 'conf.d/more.conf'),
      `object Host "calm" { import "generic-host"; check_command = "dummy"; vars.cinder_exporter_url = "${exporter.url}"
      vars.cinder_critical = "stale"
      vars.cinder_backends["c2@*"] = { cinder_warning = "down" } }`,
    );
    assert.match(run(load), /Instantiated 7 Services\.[^]*Finished validating the configuration file/);
    assert.match(run(load), /Instantiated 5 Dependencies\./);
    assert.doesNotMatch(run(load), /cinder\.conf|cinder-hosts\.conf/, 'no warning about ours');
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'reload icinga2\n');
    assert.match(readFileSync(hosts, 'utf8'), /vars\.cinder_backends\["c2@broken \\"x\\""\] = \{\}/);

    run('icinga2 api setup');
    writeFileSync(
      join(etc, 'conf.d/api-users.conf'),
      `object ApiUser "root" { password = "${PASSWORD}"; permissions = [ "*" ] }`,
    );
    writeFileSync(
      join(etc, 'features-enabled/api.conf'),
      `object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = ${port} }`,
    );
    const daemon = startDaemon(join(folder, 'log'), ['env', `PATH=${env.PATH}`, join(bin, 'icinga2'), 'daemon']);
    // SIGKILL would leave the worker of its two processes behind.
    t.after(() => daemon.stop('SIGTERM'));
    await waitFor('the API of Icinga', () => {
      assert.ok(daemon.running(), daemon.log());
      return (
        run(`curl -ks -o /dev/null -w '%{http_code}' -u root:PASSWORD https://localhost:5665/v1 || true`) === '200'
      );
    });

    const states = (text: string): Record<string, string> =>
      Object.fromEntries(
        text
          .split('\n')
          .filter((line) => /^\d\t/.test(line))
          .map((line) => line.split('\t'))
          .map(([state = '', host = '', name = '', output = '']) => [
            `${host}!${name}: ${output.replaceAll(/ \(at least .*?\)/g, '').trim()}`,
            state,
          ]),
      );
    const expected = {
      'cinder!cinder: CRITICAL: 1 down of 4 backends: c2@broken "x"': '2',
      'cinder!cinder c1@reported: OK: 1 backend, it is up': '0',
      'cinder!cinder c1@silent.example: OK: 1 backend, it is up': '0',
      'cinder!cinder c2@broken "x": CRITICAL: 1 down of 1 backend: c2@broken "x"': '2',
      'cinder!cinder k@ssd: OK: 1 backend, it is up': '0',
      'calm!cinder: OK: 4 backends: 1 down': '0',
      'calm!cinder c2@*: WARNING: 1 down of 1 backend: c2@broken "x"': '1',
    };
    // Ten seconds are enough for a person; a machine that does other things may need more.
    const [, again = ''] = look.split('sleep 10\n');
    assert.ok(again.startsWith('curl '), look);
    const seen = async (what: string, holds: (found: Record<string, string>) => boolean): Promise<void> => {
      let found = states(run(look));
      await waitFor(what, () => holds(found) || ((found = states(run(again))), false), 60_000).catch(
        (error: unknown) => {
          throw new Error(`${what}: ${JSON.stringify(found, undefined, 2)}`, { cause: error });
        },
      );
    };
    await seen('each service says what its backend is', (found) => isDeepStrictEqual(found, expected));
    const whole = (
      JSON.parse(run(`curl -ks -u root:PASSWORD https://localhost:5665/v1/objects/services/cinder!cinder`)) as {
        readonly results: readonly [
          { readonly attrs: { readonly last_check_result: { readonly performance_data: readonly string[] } } },
        ];
      }
    ).results[0].attrs.last_check_result.performance_data;
    assert.deepEqual(whole.slice(0, 1), ['backends=4;;;0']);
    assert.ok(whole.includes('down=1;;0;0;4'), 'Icinga has read the performance data');

    await exporter.stop();
    await seen('UNKNOWN without an exporter', (found) =>
      Object.entries(found).every(([line, state]) => state === '3' && /: UNKNOWN: .*refused/.test(line)),
    );
  },
);
