import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClouds, type Cloud } from '../cloud.ts';
import type { Context } from '../context.ts';
import { startExporter } from '../exporter.ts';
import { valueOf } from '../page.ts';
import type { Row } from '../row.ts';
import { SCRATCH } from '../scratch.ts';
import { short } from '../stats.ts';

/** Everything ten times as fast as it is by default: an RPC timeout of 6 s for 60, a refresh every 3 s for 30. */
const INTERVAL_S = 3;
const RPC_TIMEOUT_MS = 6000;
const TIMES = { interval: `${INTERVAL_S}s`, timeouts: { scheduler_patience: '1s', scheduler: '18s' } };

type Ill = (cloud: Cloud, second: number) => Promise<void>;

/** What may be wrong with a scheduler, second by second. */
const ILLS: Readonly<Record<string, Ill>> = {
  stopped: async (cloud, second) => {
    if (second === 0) await cloud.happen(['stopScheduler']);
  },
  'taking messages without an answer': async (cloud, second) => {
    if (second === 0) await cloud.happen(['hangScheduler']);
  },
  'coming and going': async (cloud, second) => {
    if (second % 10 === 0) await cloud.happen(['stopScheduler']);
    if (second % 10 === 7) await cloud.happen(['startScheduler']);
  },
};

/** A scheduler outage: how many requests wait on it at any moment, and does the plain service list keep its pace? */
export async function measureGentle(context: Context): Promise<Row[]> {
  const seconds = context.short ? 15 : 60;
  const settings = { rpcResponseTimeoutMs: RPC_TIMEOUT_MS };
  const names = Object.keys(ILLS);
  const clouds = await startClouds(names.map(() => ({ backends: 20, settings })));
  const cloudsFile = join(SCRATCH, 'clouds.yaml');
  writeFileSync(cloudsFile, JSON.stringify({ clouds: Object.fromEntries(clouds.map(entryOf)) }));
  const exporter = await startExporter(
    { OS_CLIENT_CONFIG_FILE: cloudsFile },
    { clouds: Object.fromEntries(clouds.map((_, i) => [`cloud-${i}`, TIMES])) },
  );
  for (const cloud of clouds) await cloud.reset();
  for (let second = 0; second < seconds; second += 1) {
    for (const [i, cloud] of clouds.entries()) await ILLS[names[i] ?? '']?.(cloud, second);
    await sleep(1000);
  }
  const rows: Row[] = [];
  for (const [i, cloud] of clouds.entries()) {
    const { maxWaiting, counts } = await cloud.stats();
    const page = await exporter.page(`/probe?cloud=cloud-${i}`);
    const listAgeS = Date.now() / 1000 - lastSuccess(page, 'services');
    const what = `a scheduler ${names[i]}`;
    rows.push(
      {
        about: `${seconds} s of outage, everything ten times as fast`,
        what: `${what}: requests that wait for it at once`,
        value: maxWaiting,
        measured: `${maxWaiting} (of ${counts['get_pools'] ?? 0} for pools and ${counts['os-services'] ?? 0} for services in ${short(seconds / INTERVAL_S)} refreshes)`,
        target: { sense: 'exactly', limit: 1 },
      },
      {
        about: `${seconds} s of outage, everything ten times as fast`,
        what: `${what}: age of the service list at its end, in intervals`,
        value: listAgeS / INTERVAL_S,
        measured: `${short(listAgeS / INTERVAL_S)} (cinder_up ${valueOf(page, 'cinder_up')})`,
        target: { sense: 'at most', limit: 1.5 },
      },
    );
  }
  await exporter.stop();
  await clouds[0]?.stop();
  return rows;
}

function lastSuccess(page: string, collector: string): number {
  const line = new RegExp(
    `^cinder_scrape_collector_last_success_timestamp_seconds\\{collector="${collector}"\\} (\\S+)$`,
    'm',
  );
  return Number(line.exec(page)?.[1]);
}

function entryOf({ environment }: Cloud, index: number): [string, object] {
  const auth = {
    auth_url: environment['OS_AUTH_URL'],
    username: environment['OS_USERNAME'],
    password: environment['OS_PASSWORD'],
    user_domain_name: environment['OS_USER_DOMAIN_NAME'],
    project_name: environment['OS_PROJECT_NAME'],
    project_domain_name: environment['OS_PROJECT_DOMAIN_NAME'],
  };
  return [`cloud-${index}`, { auth, region_name: environment['OS_REGION_NAME'] }];
}
