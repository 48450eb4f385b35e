import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { messagesPath, newestVolumesPath } from '../src/cinder/creations.ts';
import { leftOverPath, underWayPath } from '../src/cinder/stuck.ts';
import { COUNTS_PER_MINUTE, countPath } from '../src/cinder/volumes.ts';
import { startLab, type Lab } from '../test/lab/lab.ts';
import { makeVolume } from '../test/real/runbook-volumes.ts';
import { ROOT } from './program.ts';
import { grouped } from './stats.ts';
import { cpuSeconds } from './usage.ts';

/*
 * `LAB_RELEASE=29 npx tsx bench/cinder-cost.ts [--write-docs]`: what each request of each collector costs a real Cinder with MariaDB (root, Debian),
 * with 10,000 and 100,000 volumes in its database. The volumes are copies of one row.
 */

const SIZES = [10_000, 100_000];
const TIMES = 8;
const AN_HOUR = 3600;
const DAY_MS = 86_400_000;

interface Asked {
  readonly collector: string;
  readonly what: string;
  readonly path: string;
  readonly microversion: string;
  /** How often in an hour, at most, on average. */
  readonly hourly: number;
}

/** All that the exporter asks of Cinder, with every collector on, of a cloud of at least 30 backends. */
function questions(nowMs: number): readonly Asked[] {
  const refreshes = AN_HOUR / 30;
  const counts = (COUNTS_PER_MINUTE * 60) / 2;
  const cloud = counts / 5;
  const list = (path: string, what: string, hourly: number): Asked => ({
    collector: 'operations',
    what,
    path,
    microversion: '3.60',
    hourly,
  });
  const count = (what: string, path: string, hourly: number): Asked => ({
    collector: 'volumes',
    what,
    path,
    microversion: '3.49',
    hourly,
  });
  // Five questions a minute, each in its turn.
  const turn = 300 / 5;
  return [
    { collector: 'services', what: 'service list', path: '/os-services', microversion: '3.49', hourly: refreshes },
    {
      collector: 'pools',
      what: 'driver stats',
      path: '/scheduler-stats/get_pools?detail=true',
      microversion: '3.49',
      hourly: refreshes,
    },
    { collector: 'volume_types', what: 'volume types', path: '/types?is_public=None', microversion: '3.49', hourly: 6 },
    count('in use, of a backend', countPath({ what: 'volumes', status: 'in-use', host: 'lab@single' }), counts / 2),
    count(
      'available, of a backend',
      countPath({ what: 'volumes', status: 'available', host: 'lab@single' }),
      counts / 2,
    ),
    count('in error, of the cloud', countPath({ what: 'volumes', status: 'error', host: undefined }), 2 * cloud),
    count('creating, of the cloud', countPath({ what: 'volumes', status: 'creating', host: undefined }), cloud),
    count('snapshots in error', countPath({ what: 'snapshots', status: 'error', host: undefined }), cloud),
    count('backups in error', countPath({ what: 'backups', status: 'error', host: undefined }), cloud),
    {
      collector: 'capabilities',
      what: 'one cinder-volume',
      path: '/capabilities/lab@single',
      microversion: '3.49',
      hourly: 30 * 60,
    },
    list(newestVolumesPath(nowMs - DAY_MS / 24), 'volumes made in the last hour', turn),
    list(messagesPath(true), 'messages', turn),
    list(underWayPath('creating', nowMs), 'creating, oldest first', turn),
    list(underWayPath('deleting', nowMs), 'deleting, oldest first', turn),
    list(leftOverPath('deleting', nowMs), 'deleting for over a week', turn),
  ];
}

/** A process of the lab, by what its command line has. */
function processes(...parts: readonly string[]): { readonly pid: number; readonly args: readonly string[] }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return parts.every((part) => args.some((arg) => arg.includes(part))) ? [{ pid: Number(name), args }] : [];
    } catch {
      return [];
    }
  });
}

interface Place {
  readonly api: readonly number[];
  readonly database: number;
  readonly sql: (statement: string) => string;
}

/** The processes of cinder-api and of its database. */
function placeOf(lab: Lab): Place {
  const api = processes('uwsgi', new URL(lab.cinder).host);
  const ini = api[0]?.args.find((arg) => arg.endsWith('uwsgi.ini')) ?? '';
  const [folder = ''] = ini.split('/etc/');
  const [database] = processes('mariadbd', folder);
  if (database === undefined) throw new Error('this needs a lab with MariaDB: LAB_RELEASE=29');
  const socket = database.args.find((arg) => arg.startsWith('--socket=')) ?? '';
  return {
    api: api.map(({ pid }) => pid),
    database: database.pid,
    sql: (statement) =>
      execFileSync(
        'mariadb',
        ['--no-defaults', '--user=root', socket, '--skip-column-names', 'cinder', '-e', statement],
        {
          encoding: 'utf8',
        },
      ).trim(),
  };
}

/** Copies the row of a volume until there are so many: half of them on one backend, most of them in use. */
function fill({ sql }: Place, size: number): void {
  const there = Number(sql('select count(*) from volumes where deleted = 0'));
  const columns = sql(
    "select column_name from information_schema.columns where table_schema = 'cinder' and table_name = 'volumes' order by ordinal_position",
  ).split('\n');
  const made = 'utc_timestamp() - interval (seq * 25) second';
  const instead: Readonly<Record<string, string>> = {
    id: 'uuid()',
    host: "if(seq % 2, 'lab@single#single', concat('lab@pools#', elt(1 + seq % 3, 'fast', 'slow', 'fast')))",
    status:
      "case when seq % 2000 = 0 then 'error' when seq % 5000 = 1 then 'deleting' when seq % 5 then 'in-use' else 'available' end",
    created_at: made,
    updated_at: made,
    scheduled_at: made,
    launched_at: made,
  };
  const values = columns.map((name) => instead[name] ?? `v.\`${name}\``).join(', ');
  const names = columns.map((name) => `\`${name}\``).join(', ');
  sql(
    `insert into volumes (${names}) select ${values} from (select * from volumes where deleted = 0 order by created_at limit 1) v, seq_1_to_${size - there}`,
  );
  sql('analyze table volumes');
}

interface Cost {
  readonly asked: Asked;
  readonly wallMs: number;
  readonly worstMs: number;
  readonly apiMs: number;
  readonly databaseMs: number;
  readonly bytes: number;
}

async function costOf(lab: Lab, place: Place, asked: Asked): Promise<Cost> {
  const used = (): number => place.api.reduce((sum, pid) => sum + cpuSeconds(pid), 0) * 1000;
  const ask = async (): Promise<{ readonly ms: number; readonly bytes: number }> => {
    const start = performance.now();
    const answer = await lab.get(asked.path, asked.microversion);
    if (answer.status !== 200) throw new Error(`${asked.path}: ${answer.status} ${answer.text.slice(0, 200)}`);
    return { ms: performance.now() - start, bytes: Buffer.byteLength(answer.text) };
  };
  await ask();
  const [api, database] = [used(), cpuSeconds(place.database) * 1000];
  const walls: number[] = [];
  let bytes = 0;
  for (let i = 0; i < TIMES; i += 1) {
    const one = await ask();
    walls.push(one.ms);
    ({ bytes } = one);
  }
  const sorted = walls.toSorted((a, b) => a - b);
  return {
    asked,
    wallMs: sorted[Math.floor(TIMES / 2)] ?? 0,
    worstMs: sorted.at(-1) ?? 0,
    apiMs: (used() - api) / TIMES,
    databaseMs: (cpuSeconds(place.database) * 1000 - database) / TIMES,
    bytes,
  };
}

const perHour = ({ asked, apiMs, databaseMs }: Cost): number => (asked.hourly * (apiMs + databaseMs)) / 1000;

function text(costs: ReadonlyMap<number, readonly Cost[]>, release: number): string {
  const [small = [], large = []] = SIZES.map((size) => costs.get(size) ?? []);
  const rows = small.map((at, i) => {
    const big = large[i] ?? at;
    const both = (read: (cost: Cost) => number): string => `${read(at).toFixed(0)} / ${read(big).toFixed(0)}`;
    const { collector, what } = at.asked;
    return `| \`${collector}\` | ${what} | ${both((cost) => cost.wallMs)} | ${both((cost) => cost.worstMs)} | ${both((cost) => cost.apiMs)} | ${both((cost) => cost.databaseMs)} | ${grouped(big.bytes)} |`;
  });
  const collectors = [...new Set(small.map(({ asked }) => asked.collector))].map((collector) => {
    const of = (list: readonly Cost[]): readonly Cost[] => list.filter(({ asked }) => asked.collector === collector);
    const sum = (list: readonly Cost[], read: (cost: Cost) => number): number =>
      of(list).reduce((total, cost) => total + read(cost), 0);
    const api = (cost: Cost): number => (cost.asked.hourly * cost.apiMs) / 1000;
    return `| \`${collector}\` | ${sum(small, ({ asked }) => asked.hourly).toFixed(0)} | ${sum(small, api).toFixed(0)} | ${sum(small, perHour).toFixed(0)} | ${sum(large, api).toFixed(0)} | ${sum(large, perHour).toFixed(0)} |`;
  });
  return `## What Cinder pays

Written by \`LAB_RELEASE=29 npx tsx bench/cinder-cost.ts --write-docs\`; measured on ${new Date().toISOString().slice(0, 10)} beside a real Cinder ${release} (one process of
cinder-api) with MariaDB, ${availableParallelism()} cores that others used as well. Its database held ${SIZES.map((size) => grouped(size)).join(' and ')} volumes, copies of one row. Of each request ${TIMES}.

| collector | request | ms, median | ms, longest | CPU of cinder-api, ms | CPU of the database, ms | bytes |
|---|---|---|---|---|---|---|
${rows.join('\n')}

CPU seconds an hour, at the pace at which each collector asks at most (${grouped(SIZES[0] ?? 0)} volumes, then ${grouped(SIZES[1] ?? 0)}):

| collector | requests an hour | cinder-api | and the database | cinder-api, ${grouped(SIZES[1] ?? 0)} | and the database |
|---|---|---|---|---|---|
${collectors.join('\n')}

\`capabilities\` is for 30 backends or more; with fewer it is one request a minute for each. \`operations\` is off by default.
`;
}

const backends = ['single', 'pools'];
const lab = await startLab({ backends });
try {
  for (const name of backends) await lab.volumeType(name, { volume_backend_name: name });
  await makeVolume(lab, 'the row', 'single');
  const place = placeOf(lab);
  const costs = new Map<number, readonly Cost[]>();
  for (const size of SIZES) {
    fill(place, size);
    const measured: Cost[] = [];
    for (const asked of questions(Date.now())) measured.push(await costOf(lab, place, asked));
    costs.set(size, measured);
  }
  const written = text(costs, lab.release);
  console.log(written);
  if (process.argv.includes('--write-docs')) {
    writeFileSync(join(ROOT, 'bench', 'cinder-cost.md'), written);
    const page = join(ROOT, 'docs', 'performance.md');
    const old = readFileSync(page, 'utf8').replace(/^## What Cinder pays\n[^]*?(?=^## )/m, '');
    writeFileSync(
      page,
      old.replace(/^## Why it is so$/m, () => `${written}\n## Why it is so`),
    );
  }
} finally {
  await lab.down();
}
