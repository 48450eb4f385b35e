import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCountingProxy, type CountingProxy } from '../test/lab/counting-proxy.ts';
import { type Lab, startLab } from '../test/lab/lab.ts';
import { startExporter } from '../test/support/exporter.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { startAskingInside } from './asks-inside.ts';
import { login } from './cloud.ts';
import { findPeer, startPeer } from './peer.ts';
import { ROOT } from './program.ts';
import { median } from './stats.ts';

/*
 * What a real Cinder feels of who monitors it while its message bus or its scheduler is stopped: `npm run bench:faults -- [--seconds N] [--interval N]
 * [--write-docs]`. Root: Debian's Keystone, Cinder and RabbitMQ are started in a folder of their own (test/lab). Exits 1 when it could not be measured.
 */
const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    interval: { type: 'string', default: '15' },
    'write-docs': { type: 'boolean', default: false },
  },
});
const OUTAGE_MS = Number(flags.seconds) * 1000;
const INTERVAL_MS = Number(flags.interval) * 1000;
/** Prometheus gives a scrape ten seconds, if nobody says otherwise. */
const TIMEOUT_MS = 10_000;
const PROBE_EVERY_MS = 5000;
/** What takes longer waits for somebody who does not answer. */
const WAITING_MS = 5000;

interface Contestant {
  readonly name: string;
  readonly start: (
    environment: Readonly<Record<string, string>>,
    cinder: CountingProxy,
  ) => Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }>;
}

interface Result {
  readonly contestant: string;
  readonly stopped: string;
  readonly scrapes: number;
  readonly answered: number;
  /** Of those that were answered, in milliseconds. */
  readonly took: readonly number[];
  /** Requests that waited at once, at most. */
  readonly mostOpen: number;
  readonly probes: number;
  readonly probesAnswered: number;
  /** Seconds after which the API answered nobody any more. */
  readonly deadAfterS: number | undefined;
}

const peer = findPeer();
const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'cinder-exporter',
    start: (environment) => startExporter({ environment, config: 'defaults: {max_random_delay: 0s}' }),
  },
  'program' in peer
    ? { name: 'openstack-exporter', start: (env) => startPeer(peer.program, env, { backendsOnly: false }) }
    : {
        name: 'a model: asks inside the scrape, cancels nothing',
        start: (env, { url }) => startAskingInside(env, url),
      },
];

/** Lets the catalog lead to the proxy, so that every program goes through it, whatever it can be told. */
async function leadThrough(lab: Lab, proxy: CountingProxy): Promise<void> {
  const headers = { 'x-auth-token': await lab.token(), 'content-type': 'application/json' };
  const answer = await fetch(`${lab.keystone}/v3/endpoints`, { headers });
  const { endpoints } = (await answer.json()) as { endpoints: { id: string; url: string }[] };
  const ours = endpoints.filter(({ url }) => url.startsWith(lab.cinder));
  if (ours.length === 0) throw new Error('no endpoint of Cinder in the catalog');
  for (const { id, url } of ours) {
    const body = JSON.stringify({ endpoint: { url: url.replace(lab.cinder, proxy.url) } });
    const { status } = await fetch(`${lab.keystone}/v3/endpoints/${id}`, { method: 'PATCH', headers, body });
    if (status !== 200) throw new Error(`endpoint ${id}: ${status}`);
  }
}

/** Milliseconds until the whole answer with status 200 was there; undefined without one in that time. */
async function timed(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  const start = performance.now();
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.text();
    return answer.status === 200 ? performance.now() - start : undefined;
  } catch {
    return undefined;
  }
}

async function measure(lab: Lab, proxy: CountingProxy, contestant: Contestant, unit: string): Promise<Result> {
  proxy.reset();
  const environment = await lab.environment();
  const running = await contestant.start(environment, proxy);
  const scrape = (): Promise<number | undefined> => timed(`${running.url}/metrics`);
  await waitFor('a scrape while all is well', async () => (await scrape()) !== undefined);
  await waitFor('it has asked for the pools', () => proxy.passed.some(({ path }) => path.includes('get_pools')));
  // From beside, with a token that Cinder knows: only the API itself is asked.
  const token = { 'x-auth-token': await login(environment) };
  const probe = (): Promise<number | undefined> => timed(`${lab.cinder}/v3/os-services`, token);
  if ((await probe()) === undefined) throw new Error('the API does not answer before anything is stopped');
  proxy.reset();
  await lab.stop(unit);

  const began = performance.now();
  const every = async (pauseMs: number, act: () => Promise<void>): Promise<void> => {
    const under: Promise<void>[] = [];
    for (let next = began; next < began + OUTAGE_MS; next += pauseMs) {
      await sleep(Math.max(0, next - performance.now()));
      under.push(act());
    }
    await Promise.all(under);
  };
  const scrapes: (number | undefined)[] = [];
  const probes: { readonly atS: number; readonly ms: number | undefined }[] = [];
  await Promise.all([
    every(INTERVAL_MS, async () => void scrapes.push(await scrape())),
    every(PROBE_EVERY_MS, async () => {
      const atS = (performance.now() - began) / 1000;
      probes.push({ atS, ms: await probe() });
    }),
  ]);
  const mostOpen = proxy.mostOpen(({ tookMs = Infinity }) => tookMs > WAITING_MS);
  await running.stop();
  // What it holds is thrown away, so that the next one begins anew.
  await lab.start(unit);
  await lab.restart('cinder-api');
  await lab.ready();
  const took = scrapes.filter((ms) => ms !== undefined);
  const dead = probes.toSorted((a, b) => a.atS - b.atS).find(({ ms }) => ms === undefined);
  return {
    contestant: contestant.name,
    stopped: unit,
    scrapes: scrapes.length,
    answered: took.length,
    took,
    mostOpen,
    probes: probes.length,
    probesAnswered: probes.filter(({ ms }) => ms !== undefined).length,
    deadAfterS: dead?.atS,
  };
}

function rowOf(result: Result): string {
  const { contestant, stopped, scrapes, answered, took, mostOpen, probes, probesAnswered, deadAfterS } = result;
  const cells = [
    stopped === 'rabbitmq' ? 'message bus' : 'scheduler',
    contestant,
    `${answered} of ${scrapes}${answered === 0 ? '' : `, ${(median(took) / 1000).toFixed(2)} s`}`,
    String(mostOpen),
    `${probesAnswered} of ${probes}`,
    deadAfterS === undefined ? 'no' : `after ${deadAfterS.toFixed(0)} s`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function pageOf(results: readonly Result[], release: number): string {
  const date = new Date().toISOString().slice(0, 10);
  return `Measured on ${date} with a real Cinder (${release === 21 ? '21.3 of Zed' : '29.0 of 2026.2'}), whose API has 8 threads. A scrape every ${flags.interval} s, given up
after ${TIMEOUT_MS / 1000} s, as Prometheus does. Each part was stopped for ${OUTAGE_MS / 1000} s. The API was asked from beside every ${PROBE_EVERY_MS / 1000} s for its service list.

| stopped | monitored by | scrapes answered, median | requests that wait at Cinder, at most | answers of the API to others | API dead |
|---|---|---|---|---|---|
${results.map(rowOf).join('\n')}
${'missing' in peer ? `\nopenstack-exporter was not measured in this run: it could not be built. The model asks what its backend part asks.\n` : ''}`;
}

const lab = await startLab({ backends: ['single', 'pools'], rpcTimeoutSeconds: 60 });
try {
  const proxy = await startCountingProxy(lab.cinder);
  await leadThrough(lab, proxy);
  const results: Result[] = [];
  for (const unit of ['rabbitmq', 'cinder-scheduler'])
    for (const contestant of CONTESTANTS) {
      const result = await measure(lab, proxy, contestant, unit);
      results.push(result);
      process.stderr.write(`${rowOf(result)}\n`);
    }
  const page = pageOf(results, lab.release);
  console.log(page);
  if (flags['write-docs']) {
    const file = join(ROOT, 'docs', 'migrating-from-openstack-exporter.md');
    const [before, , after] = readFileSync(file, 'utf8').split(/<!-- (?:faults|end) -->\n/);
    if (before === undefined || after === undefined) throw new Error(`${file} has no place for it`);
    writeFileSync(file, `${before}<!-- faults -->\n\n${page}\n<!-- end -->\n${after}`);
  }
} finally {
  await lab.down();
}
process.exit(0);
