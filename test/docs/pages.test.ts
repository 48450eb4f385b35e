import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hashSync } from 'bcryptjs';
import { parse } from 'yaml';
import { CONDITION_TABLE, CONDITIONS } from '../../src/cinder/conditions.ts';
import { parseDuration } from '../../src/duration.ts';
import { SETTINGS } from '../../src/rules/settings.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ALERTS, rulesOf } from '../alerts/shipped.ts';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { startExporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { SMALL_CLOUD } from '../watch/watched.ts';

const root = new URL('../../', import.meta.url).pathname;
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const TLS = join(root, 'test/fixtures/tls');

/** The blocks of YAML of a page, in its order. */
function yamlBlocks(page: string): string[] {
  return [...read(page).matchAll(/^( *)```yaml\n([^]*?)^ *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

interface Desk {
  readonly folder: string;
  /** Runs a command of a page; gives what it printed, and its exit code. */
  readonly run: (command: string) => Promise<{ readonly printed: string; readonly code: number }>;
}

/** A folder with `cinder-exporter` on its PATH, and two clouds in its clouds.yaml. */
async function desk(t: TestContext): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-page-'));
  const simulator = await startSimulator({ cloud: SMALL_CLOUD });
  t.after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  symlinkSync(join(root, 'dist/main.js'), join(folder, 'cinder-exporter'));
  const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, OS_USER_DOMAIN_NAME, OS_PROJECT_DOMAIN_NAME } =
    simulator.environment();
  const auth = {
    auth_url: OS_AUTH_URL,
    username: OS_USERNAME,
    password: OS_PASSWORD,
    project_name: OS_PROJECT_NAME,
    user_domain_name: OS_USER_DOMAIN_NAME,
    project_domain_name: OS_PROJECT_DOMAIN_NAME,
  };
  writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { north: { auth }, south: { auth } } }));
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  return {
    folder,
    run: (command) =>
      new Promise((resolve) => {
        execFile('bash', ['--norc', '-c', command], { cwd: folder, env }, (error, stdout, stderr) => {
          resolve({ printed: stdout + stderr, code: error ? Number(error.code) : 0 });
        });
      }),
  };
}

/** As Prometheus asks, with the authority of the certificate, and with this password if any. */
function ask(url: string, auth?: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    https
      .get(
        url,
        { ca: readFileSync(join(TLS, 'ca.crt')), agent: false, ...(auth !== undefined && { auth }) },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve({ status: response.statusCode, text }));
        },
      )
      .on('error', reject);
  });
}

interface Job {
  readonly job_name: string;
  readonly http_sd_configs?: readonly {
    readonly url: string;
    readonly tls_config?: object;
    readonly basic_auth?: object;
  }[];
  readonly tls_config?: object;
  readonly basic_auth?: object;
}

test('every scrape configuration of every page has the job name that the rules want', () => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((page) => `docs/${page}`);
  const names = ['README.md', ...pages.filter((page) => page.endsWith('.md'))].flatMap((page) =>
    [...read(page).matchAll(/\bjob_name[:=] ?([^\s`]+)/g)].map(([, name]) => [page, name]),
  );
  assert.ok(names.length >= 6, 'fewer pages than there were');
  for (const [page, name] of names) assert.equal(`job="${name}"`, SETTINGS.selector.byDefault, page);
});

test('docs/several-clouds.md: both clouds are found and scraped, over TLS and with a password', async (t) => {
  const { folder, run } = await desk(t);
  const [config = '', , web = '', scrape = ''] = yamlBlocks('docs/several-clouds.md');
  const [commands = '', list = ''] = commandBlocks('docs/several-clouds.md');
  writeFileSync(join(folder, 'cinder-exporter.yaml'), config);
  const [first = '', second = ''] = commands.split('\n');
  const checked = await run(first);
  assert.deepEqual([checked.code, /2 clouds: north .*, south /.test(checked.printed)], [0, true], checked.printed);
  const table = await run(second);
  assert.ok(table.code === 2 && table.printed.includes('cloud north\n') && table.printed.includes('cloud south\n'));

  for (const name of ['server.crt', 'server.key']) copyFileSync(join(TLS, name), join(folder, name));
  writeFileSync(join(folder, 'web.yaml'), web.replace(/prometheus: \S+/, `prometheus: ${hashSync('drill', 4)}`));
  const exporter = await startExporter({
    cwd: folder,
    config,
    args: ['--web.config.file=web.yaml'],
    environment: { OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml') },
  });
  t.after(exporter.stop);
  const address = `localhost:${new URL(exporter.url).port}`;

  const [job] = (parse(scrape) as { scrape_configs: Job[] }).scrape_configs;
  const [sd] = job?.http_sd_configs ?? [];
  for (const part of [job, sd])
    assert.deepEqual(Object.keys(part ?? {}).filter((key) => key === 'tls_config' || key === 'basic_auth').length, 2);
  assert.equal(new URL(list.trim().split(' ').at(-1) ?? '').pathname, new URL(sd?.url ?? '').pathname);
  const url = (sd?.url ?? '').replace('exporter.example.org:10776', address);
  assert.equal((await ask(url)).status, 401);
  const targets = JSON.parse((await ask(url, 'prometheus:drill')).text) as {
    targets: string[];
    labels: Record<string, string>;
  }[];
  assert.deepEqual(
    targets.map(({ labels }) => labels['cloud']),
    ['north', 'south'],
  );
  await waitFor('both clouds were read', async () =>
    (await ask(`https://${address}/-/ready`, 'prometheus:drill')).status === 200 ? true : undefined,
  );
  for (const {
    targets: [target],
    labels,
  } of targets) {
    const page = `${labels['__scheme__']}://${target}${labels['__metrics_path__']}?cloud=${labels['__param_cloud']}`;
    assert.equal((await ask(page)).status, 401);
    assert.match((await ask(page, 'prometheus:drill')).text, /^cinder_up [01]$/m);
  }
});

test('docs/silences.md and docs/upgrading.md: rules without an alert, and rules again', async (t) => {
  const { run } = await desk(t);
  const without = commandBlocks('docs/silences.md').find((block) => block.startsWith('cinder-exporter rules')) ?? '';
  assert.deepEqual(await run(without), { printed: '', code: 0 });
  const left = rulesOf((await run('cat cinder.rules.yml')).printed).flatMap(({ alert }) => alert ?? []);
  assert.equal(left.length, ALERTS.length - 2);
  const [files = '', again = ''] = commandBlocks('docs/upgrading.md');
  const [version = ''] = files.split('\n');
  assert.match((await run(version)).printed, /^cinder-exporter \d/);
  const changed = await run(again);
  assert.equal(changed.code, 0, changed.printed);
  assert.match(changed.printed, /^> +- alert: CinderPoolFillingUp$/m);
  assert.equal(
    rulesOf((await run('cat cinder.rules.yml')).printed).flatMap(({ alert }) => alert ?? []).length,
    ALERTS.length,
  );
});

test('docs/proxies-and-certificates.md: the proxy is the one that is named, and what NO_PROXY names is asked directly', async (t) => {
  const { run } = await desk(t);
  const [block = ''] = commandBlocks('docs/proxies-and-certificates.md');
  const command = block.replaceAll('HTTPS_PROXY=http://proxy.example.org:3128', 'HTTP_PROXY=http://127.0.0.1:1');
  const page = read('docs/proxies-and-certificates.md');
  const refused = await run(`export OS_CLOUD=north\n${command}`);
  assert.match(refused.printed, /the connection was refused .*through the proxy 127\.0\.0\.1:1/);
  assert.ok(page.includes('the connection was refused, through the proxy'));
  const direct = await run(`export OS_CLOUD=north\n${command.replace('10.0.0.0/8', '127.0.0.0/8')}`);
  assert.equal(direct.code, 2, direct.printed);
});

test('pages that name the conditions which are an outage name all of them', () => {
  const critical = CONDITIONS.filter((condition) => CONDITION_TABLE[condition].severity === 'critical').toSorted();
  const lists = {
    'docs/icinga.md': /`cinder_critical`.*Without it (.*) \|/,
    'docs/report.md': /Unusable: (.*?), from the change/,
    'docs/runbooks/CinderBackendFlapping.md': /out of trouble \((.*?)\)/,
  };
  for (const [page, list] of Object.entries(lists)) {
    const named = [...(list.exec(read(page))?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    assert.deepEqual(named.toSorted(), critical, page);
  }
});

interface Route {
  readonly matchers: readonly string[];
  readonly group_wait?: string;
}

test('docs/alert-latency.md: each alert waits in Alertmanager as the example has it for its severity, and the sums are right', () => {
  const example = parse(read('alerts/alertmanager.example.yml')) as {
    readonly route: { readonly routes: readonly [{ readonly routes: readonly Route[] }] };
  };
  const [, , table = ''] = /## With everything as shipped([^]*?)\n(\|[^]*)/.exec(read('docs/alert-latency.md')) ?? [];
  const rows = [...table.matchAll(/^\| `(\w+)` \| (\d+).*? \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)];
  assert.ok(rows.length >= 9);
  for (const [, name, ...figures] of rows) {
    const [cinder = 0, exporter = 0, rule = 0, wait = 0, sum = 0] = figures.map(Number);
    const severity = ALERTS.find(({ alert }) => alert === name)?.labels['severity'];
    const route = example.route.routes[0].routes.find(({ matchers }) => matchers.includes(`severity = ${severity}`));
    assert.equal(wait * 1000, parseDuration(route?.group_wait ?? ''), name);
    assert.equal(cinder + exporter + rule + wait, sum, name);
  }
});
