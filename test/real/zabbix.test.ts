import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
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
const POSTGRES = '/usr/lib/postgresql/15/bin';
/** Debian's web interface looks nowhere else. */
const WEB_CONFIGURATION = '/etc/zabbix/zabbix.conf.php';
/** In its own place: what is told to end is the server itself. */
const AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];

/** Zabbix takes ports up to 32767 alone. */
async function lowPort(): Promise<number> {
  for (let port = 11_000 + (process.pid % 20_000); ; port += 1) {
    const listener = createServer();
    const free = await new Promise<boolean>((resolve) => {
      listener.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    listener.close();
    if (free) return port;
  }
}

const CLOUD = {
  ...SMALL_CLOUD,
  backends: [
    ...SMALL_CLOUD.backends,
    {
      host: String.raw`c3@two\sites`,
      driver: {
        pools: [
          { pool_name: 'site A', backend_state: 'up', total_capacity_gb: 100, free_capacity_gb: 2 },
          { pool_name: 'site "B"', backend_state: 'down', total_capacity_gb: 100, free_capacity_gb: 50 },
        ],
      },
    },
  ],
};

/** The page docs/zabbix.md, followed with a real Zabbix server, its API and its database. */
test(
  'docs/zabbix.md: the template is imported, and its triggers say what the exporter knows',
  { timeout: 240_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'cinder-zabbix-'));
    // The last that was started ends first: the server wants its database to end.
    const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
    t.after(async () => {
      for (const stop of stops.toReversed()) await stop();
    });
    tool(['chmod', '755', folder]);
    const [database = 0, web = 0] = await freePorts(2);
    const server = await lowPort();

    const data = join(folder, 'postgres');
    mkdirSync(data);
    chownSync(data, Number(tool(['id', '-u', 'postgres'])), Number(tool(['id', '-g', 'postgres'])));
    tool([...AS_POSTGRES, `${POSTGRES}/initdb`, '-A', 'trust', '-N', '-D', `${data}/db`], {
      cwd: data,
    });
    const postgres = startDaemon(join(folder, 'postgres.log'), [
      ...AS_POSTGRES,
      `${POSTGRES}/postgres`,
      '-D',
      `${data}/db`,
      '-p',
      `${database}`,
      '-k',
      data,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
    ]);
    stops.push(() => postgres.stop('SIGINT'));
    const sql = `psql -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p ${database} -U postgres`;
    await waitFor('the database', () => {
      assert.ok(postgres.running(), postgres.log());
      return tool(['sh', '-c', `${sql} -Atc 'select 1' 2>/dev/null || true`]) === '1\n';
    });
    const share = '/usr/share/zabbix-server-pgsql';
    tool(
      shellCommand(`${sql} -c 'create database zabbix'
      for part in schema images data; do gzip -dc ${share}/$part.sql.gz; done | PGOPTIONS='--client-min-messages=warning' ${sql} -1 -d zabbix >/dev/null
      ${sql} -d zabbix -c "update hosts set status = 1 where host = 'Zabbix server'"`),
    );

    const configuration = join(folder, 'zabbix_server.conf');
    writeFileSync(
      configuration,
      Object.entries({
        ListenPort: server,
        ListenIP: '127.0.0.1',
        SocketDir: folder,
        PidFile: join(folder, 'pid'),
        LogType: 'console',
        DBHost: '127.0.0.1',
        DBPort: database,
        DBName: 'zabbix',
        DBUser: 'postgres',
        AllowRoot: 1,
        CacheUpdateFrequency: 1,
      })
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    const zabbix = startDaemon(join(folder, 'server.log'), ['zabbix_server', '-f', '-c', configuration]);
    stops.push(() => zabbix.stop('SIGTERM'));
    assert.ok(!existsSync(WEB_CONFIGURATION), `${WEB_CONFIGURATION} is of somebody else`);
    stops.push(() => rmSync(WEB_CONFIGURATION));
    writeFileSync(
      WEB_CONFIGURATION,
      `<?php $DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '127.0.0.1', 'PORT' => '${database}', 'DATABASE' => 'zabbix', 'USER' => 'postgres',
        'PASSWORD' => '', 'SCHEMA' => '', 'ENCRYPTION' => false, 'DOUBLE_IEEE754' => true]; $ZBX_SERVER = '127.0.0.1'; $ZBX_SERVER_PORT = '${server}';
        $IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;`,
    );
    const pages = startDaemon(join(folder, 'web.log'), ['php', '-S', `127.0.0.1:${web}`, '-t', '/usr/share/zabbix']);
    stops.push(() => pages.stop());

    const simulator = await startSimulator({ cloud: CLOUD });
    const exporter = await startExporter({ environment: simulator.environment() });
    stops.push(exporter.stop, () => simulator.close());
    await exporter.waitFor('the cloud', (page) => page.value('cinder_up') === 1);

    const run = (commands: string): string =>
      tool(
        shellCommand(
          commands
            .replaceAll('http://EXPORTER:10776', exporter.url)
            .replaceAll('http://ZABBIX', `http://127.0.0.1:${web}`)
            .replaceAll('PASSWORD', 'zabbix'),
        ),
        { cwd: ROOT },
      );
    const [login = '', load = '', host = '', look = '', ...more] = commandBlocks('docs/zabbix.md');
    assert.deepEqual(more, []);
    await waitFor(
      'the API',
      () => tool(['sh', '-c', `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:${web}/ || true`]) === '200',
    );
    assert.equal(run(`${login}${load}${load}`), 'true\ntrue\n', 'and once more: it is updated');
    assert.match(run(`${login}${host}`), /^\{"hostids":\["\d+"\]\}\n$/);
    // Minutes become seconds; the page has the macros.
    const waits = ['BackendDown', 'BackendDegraded', 'BackendStateAssumed', 'PoolDown', 'PoolPhysicalSpaceCritical'];
    const macros = [
      ...waits.map((name) => ({ macro: `{$CINDER.FOR:"Cinder${name}"}`, value: '10s' })),
      { macro: '{$CINDER.FOR:"CinderExporterDown"}', value: '30s' },
      { macro: '{$CINDER.INTERVAL}', value: '2s' },
    ];
    run(`${login}
      id=$(zabbix host.get '{filter: {host: "cinder"}}' | jq -r .[0].hostid)
      zabbix usermacro.create '(${JSON.stringify(macros)} | map(. + {hostid: "'$id'"}))'`);

    let said = '';
    const problems = async (what: string, expected: readonly string[]): Promise<void> => {
      await waitFor(
        what,
        () => {
          assert.ok(zabbix.running(), zabbix.log());
          said = run(`${login}${look}`);
          return isDeepStrictEqual(said.split('\n').filter(Boolean).toSorted(), expected.toSorted());
        },
        100_000,
      ).catch((error: unknown) => {
        const items = run(
          `${login}zabbix item.get '{output: ["name", "state", "error", "lastvalue"]}' | jq -c '.[]' | head -40`,
        );
        throw new Error(`${what}: ${said}\n${items}`, { cause: error });
      });
    };
    const standing = [
      '4\tCinder: c2@broken "x" is down',
      String.raw`2	Cinder: c3@two\\sites is degraded`,
      String.raw`2	Cinder: pool site "B" of c3@two\\sites is down`,
      String.raw`4	Cinder: pool site A of c3@two\\sites has almost no space left`,
      '1\tCinder: c1@silent.example is assumed up',
    ];
    await problems('the triggers of what is wrong', standing);
    await exporter.stop();
    await problems('the trigger of the exporter', [...standing, '4\tCinder: the exporter does not answer']);
  },
);
