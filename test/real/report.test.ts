import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { commandBlocks } from '../packaging/doc-commands.ts';
import { type Prometheus, startPrometheus } from './prometheus-process.ts';
import { tool } from './tool.ts';

/** A month of samples, back-filled: every figure must be right to the second that they allow. */
const MONTH_MS = Date.UTC(2026, 2);
const NEXT_MS = Date.UTC(2026, 3);
const STEP_MS = 60_000;
/** The first sample is not at a whole minute: rules are evaluated with an offset of their own. */
const OFFSET_MS = 7250;
const FROM_MS = MONTH_MS - 3 * 3_600_000;
const TO_MS = NEXT_MS + 3 * 3_600_000;
const MONTH_SECONDS = (NEXT_MS - MONTH_MS) / 1000;

/** A time of March 2026, or one near it. */
const at = (day: number, time: string): number =>
  Date.UTC(2026, 2, day, ...(time.split(':').map(Number) as [number, number, number]));
/** When the samples show what began or ended at that time. */
const shown = (ms: number): number => Math.ceil((ms - OFFSET_MS - FROM_MS) / STEP_MS) * STEP_MS + OFFSET_MS + FROM_MS;
const iso = (ms: number): string => new Date(ms).toISOString();
/** From one to the other, in seconds, as the samples show it. */
const seconds = (from: number, to: number): number => (shown(to) - shown(from)) / 1000;

type Period = readonly [from: number, to: number, condition: string];

/** What was so, by backend. All else of the time it was up. */
const SSD = 'hostgroup@rbd.ssd';
const NFS = 'nas-1@nfs';
const CLUSTER = 'cluster.x@array+2';
/** Of the other cloud. */
const ODD = 'a|b.*@"c\\\\d"<b>';
const PERIODS: Readonly<Record<string, readonly Period[]>> = {
  [SSD]: [
    // It is out when the month begins.
    [at(0, '22:30:00'), at(1, '04:10:30'), 'down'],
    [at(10, '12:00:00'), at(10, '12:20:00'), 'stale'],
    [at(10, '12:20:00'), at(10, '13:00:00'), 'down'],
    // In the middle of an outage nobody can read Cinder: see BLIND.
    [at(15, '09:50:00'), at(15, '12:00:00'), 'down'],
  ],
  [NFS]: [
    [at(5, '06:00:00'), at(5, '07:00:00'), 'unknown'],
    [at(20, '00:00:00'), at(21, '00:00:00'), 'disabled'],
    [at(22, '08:00:00'), at(22, '08:01:00'), 'degraded'],
    // And out when it ends.
    [at(31, '23:00:00'), at(32, '01:00:00'), 'service_down'],
  ],
  [CLUSTER]: [],
};
const CONDITIONS = ['up', 'degraded', 'stale', 'down', 'service_down', 'unknown', 'disabled'];
/** cinder_up is 0 here while the rules go on recording the last condition, and here nothing at all is recorded. */
const BLIND = [at(15, '10:30:00'), at(15, '11:00:00')] as const;
const GAP = [at(25, '01:30:00'), at(25, '04:45:00')] as const;
const HELD = [at(27, '02:00:00'), at(27, '02:10:00')] as const;
const within = (ms: number, [from, to]: readonly [number, number, ...unknown[]]): boolean => ms >= from && ms < to;
const conditionOf = (host: string, ms: number): string =>
  PERIODS[host]?.find((period) => within(ms, period))?.[2] ?? 'up';

const GIB = 2 ** 30;
const target = 'job="cinder-exporter",cloud="prod"';
const quoted = (host: string): string => JSON.stringify(host);

interface Line {
  readonly name: string;
  readonly labels: string;
  /** undefined: no sample. */
  readonly value: (ms: number) => number | undefined;
}

const unlessGap =
  (value: (ms: number) => number | undefined) =>
  (ms: number): number | undefined =>
    within(ms, GAP) ? undefined : value(ms);

function linesOf(): readonly Line[] {
  const hosts = Object.keys(PERIODS);
  const backend = (host: string): string => `host=${quoted(host)},backend=${quoted(host.replace(/.*@/, ''))}`;
  const conditions = (name: string, labels: string): Line[] =>
    hosts.flatMap((host) =>
      CONDITIONS.filter((one) => one === 'up' || PERIODS[host]?.some(([, , condition]) => condition === one)).map(
        (condition) => ({
          name,
          labels: `${target},${labels}${backend(host)},condition="${condition}"`,
          value: unlessGap((ms) => Number(conditionOf(host, ms) === condition)),
        }),
      ),
    );
  return [
    ...conditions('cinder:backend_condition:last_known', ''),
    {
      name: 'cinder:backend_condition:last_known',
      labels: `job="cinder-exporter",cloud="lab",${backend(SSD)},condition="up"`,
      value: () => 1,
    },
    ...[
      { condition: 'up', value: (ms: number) => Number(ms < at(12, '12:00:00')) },
      { condition: 'failing', value: (ms: number) => Number(ms >= at(12, '12:00:00')) },
    ].map(({ condition, value }) => ({
      name: 'cinder:backend_condition:last_known',
      labels: `job="cinder-exporter",cloud="lab",${backend(ODD)},condition="${condition}"`,
      value,
    })),
    {
      name: 'cinder:backend_condition_held:bool',
      labels: `${target},${backend(CLUSTER)}`,
      value: (ms) => (within(ms, HELD) ? 1 : undefined),
    },
    ...conditions('cinder_backend_condition', 'instance="a",'),
    {
      name: 'cinder_up',
      labels: `${target},instance="a"`,
      value: unlessGap((ms) => Number(!within(ms, BLIND))),
    },
    { name: 'cinder_up', labels: `job="cinder-exporter",cloud="lab",instance="a"`, value: () => 1 },
    ...hosts.slice(0, 2).map((host) => ({
      name: 'cinder_volume_type_backend_info',
      labels: `${target},instance="a",volume_type="gold",host=${quoted(host)}`,
      value: unlessGap(() => 1),
    })),
    {
      name: 'cinder_volume_type_backend_info',
      labels: `job="cinder-exporter",cloud="lab",instance="a",volume_type="gold & <b>",host=${quoted(ODD)}`,
      value: () => 1,
    },
    {
      name: 'cinder_service_info',
      labels: `${target},instance="a",binary="cinder-volume",host=${quoted(NFS)},disabled_reason="new disks, ticket 7"`,
      value: (ms) => (conditionOf(NFS, ms) === 'disabled' ? 1 : undefined),
    },
    ...['one', 'two'].flatMap((pool) => [
      {
        name: 'cinder_pool_total_capacity_bytes',
        labels: `${target},instance="a",${backend(SSD)},pool="${pool}"`,
        value: unlessGap(() => 1000 * GIB),
      },
      {
        name: 'cinder_pool_free_capacity_bytes',
        labels: `${target},instance="a",${backend(SSD)},pool="${pool}"`,
        // Each pool fills by 10 GiB a day.
        value: unlessGap((ms) => Math.round((800 - (10 * (ms - MONTH_MS)) / 86_400_000) * GIB)),
      },
    ]),
  ];
}

/** What `report` prints as JSON, as far as the test looks at it. */
interface Subject {
  readonly name: string;
  readonly cloud: string;
  readonly outages: number;
  readonly usable_seconds: number;
  readonly unusable_seconds: number;
  readonly planned_seconds: number;
  readonly unobserved_seconds: number;
  readonly mean_repair_seconds: number | null;
  readonly longest_repair_seconds: number | null;
  readonly incidents: readonly object[];
  readonly planned: readonly object[];
  readonly capacity: unknown;
}
interface Report {
  readonly notes: readonly string[];
  readonly backends: readonly Subject[];
  readonly volume_types: readonly (Subject & { readonly backends: readonly string[] })[];
}

let prometheus: Prometheus;
const folder = mkdtempSync(join(tmpdir(), 'cinder-report-'));

before(async () => {
  const file = join(folder, 'month.om');
  const out = createWriteStream(file);
  let family = '';
  for (const { name, labels, value } of linesOf()) {
    let text = name === family ? '' : `# TYPE ${name} gauge\n`;
    family = name;
    for (let ms = FROM_MS + OFFSET_MS; ms < TO_MS; ms += STEP_MS) {
      const sample = value(ms);
      if (sample !== undefined) text += `${name}{${labels}} ${sample} ${ms / 1000}\n`;
    }
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end('# EOF\n');
  await once(out, 'finish');
  const data = join(folder, 'data');
  mkdirSync(data);
  tool(['promtool', 'tsdb', 'create-blocks-from', '--max-block-duration=1500h', 'openmetrics', '--quiet', file, data]);
  prometheus = await startPrometheus('prometheus', 'scrape_configs: []\n', [
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100y',
  ]);
});
after(async () => {
  await prometheus?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function report(...flags: readonly string[]): Promise<string> {
  return run(['--prometheus.url', prometheus.url, '--month', '2026-03', ...flags]);
}

function run(flags: readonly string[]): Promise<string> {
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, 'report', ...flags], { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

const subjectOf = (all: readonly Subject[], name: string): Subject => {
  const found = all.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};

test('every figure of the month, from what the rules recorded', async () => {
  const {
    backends,
    volume_types: types,
    notes,
  } = JSON.parse(await report('--output', 'json', '--cloud', 'prod')) as Report;
  assert.deepEqual(notes, []);
  assert.deepEqual(backends.map(({ name }) => name).toSorted(), Object.keys(PERIODS).toSorted());
  const unseen = seconds(...BLIND) + seconds(...GAP);

  const { capacity, ...ssd } = subjectOf(backends, SSD);
  const first = (shown(at(1, '04:10:30')) - MONTH_MS) / 1000;
  const second = seconds(at(10, '12:00:00'), at(10, '13:00:00'));
  const third = seconds(at(15, '09:50:00'), at(15, '12:00:00'));
  const unusable = first + second + third - seconds(...BLIND);
  assert.deepEqual(
    {
      outages: ssd.outages,
      usable: ssd.usable_seconds,
      unusable: ssd.unusable_seconds,
      unobserved: ssd.unobserved_seconds,
      mean: ssd.mean_repair_seconds,
      longest: ssd.longest_repair_seconds,
      incidents: ssd.incidents,
    },
    {
      outages: 3,
      usable: MONTH_SECONDS - unusable - unseen,
      unusable,
      unobserved: unseen,
      mean: Math.round(((first + second + third) / 3) * 1000) / 1000,
      longest: first,
      incidents: [
        incident(MONTH_MS, shown(at(1, '04:10:30')), ['down'], { began_before: true }),
        incident(shown(at(10, '12:00:00')), shown(at(10, '13:00:00')), ['stale', 'down']),
        incident(shown(at(15, '09:50:00')), shown(at(15, '12:00:00')), ['down'], {
          unobserved_seconds: seconds(...BLIND),
        }),
      ],
    },
  );
  const {
    start,
    end,
    growth_bytes: growth,
    days_until_full: days,
  } = capacity as {
    readonly start: { readonly total_bytes: number; readonly free_bytes: number };
    readonly end: { readonly free_bytes: number };
    readonly growth_bytes: number;
    readonly days_until_full: number;
  };
  assert.equal(start.total_bytes, 2000 * GIB);
  // The sample before the moment that is asked for is less than a minute old.
  assert.ok(Math.abs(start.free_bytes - 1600 * GIB) < 0.02 * GIB);
  assert.ok(Math.abs(end.free_bytes - 980 * GIB) < 0.02 * GIB);
  assert.ok(Math.abs(growth - 620 * GIB) < 0.04 * GIB);
  assert.ok(Math.abs(days - 49) < 0.01);

  const nfs = subjectOf(backends, NFS);
  const open = (NEXT_MS - shown(at(31, '23:00:00'))) / 1000;
  assert.equal(nfs.unusable_seconds, open);
  assert.equal(nfs.planned_seconds, 86_400);
  assert.equal(nfs.unobserved_seconds, unseen + 3600);
  assert.equal(nfs.mean_repair_seconds, null);
  assert.equal(nfs.longest_repair_seconds, open);
  assert.deepEqual(nfs.incidents, [
    incident(shown(at(31, '23:00:00')), NEXT_MS, ['service_down'], { not_ended: true }),
  ]);
  assert.deepEqual(nfs.planned, [
    incident(shown(at(20, '00:00:00')), shown(at(21, '00:00:00')), ['disabled'], { reason: 'new disks, ticket 7' }),
  ]);

  const cluster = subjectOf(backends, CLUSTER);
  assert.equal(cluster.unobserved_seconds, unseen + seconds(...HELD));
  assert.equal(cluster.usable_seconds, MONTH_SECONDS - unseen - seconds(...HELD));

  // One of its two backends was usable at any time.
  const [type] = types;
  assert.equal(types.length, 1);
  assert.deepEqual(type?.backends, [SSD, NFS]);
  assert.equal(type?.unusable_seconds, 0);
  assert.equal(type?.usable_seconds, MONTH_SECONDS - unseen);
});

function incident(from: number, to: number, conditions: readonly string[], more: object = {}): object {
  return {
    from: iso(from),
    to: iso(to),
    seconds: (to - from) / 1000,
    conditions,
    reason: null,
    began_before: false,
    not_ended: false,
    unobserved_seconds: 0,
    ...more,
  };
}

test('the same from the raw families, and it says so', async () => {
  const flags = ['--output', 'json', '--cloud', 'prod'];
  const [recorded, raw] = (await Promise.all([report(...flags), report(...flags, '--source', 'raw')])).map(
    (text) => JSON.parse(text) as Report,
  );
  assert.match(raw?.notes[0] ?? '', /^This Prometheus has no/);
  for (const name of [SSD, NFS]) {
    assert.deepEqual(subjectOf(raw?.backends ?? [], name), subjectOf(recorded?.backends ?? [], name));
  }
});

test('two clouds are told apart, and an unknown one is an error that names them', async () => {
  const { backends, volume_types: types } = JSON.parse(await report('--output', 'json')) as Report;
  const since = shown(at(12, '12:00:00'));
  assert.deepEqual(
    new Set(backends.map(({ cloud, name, outages }) => `${cloud} ${name} ${outages}`)),
    new Set([`lab ${ODD} 1`, `lab ${SSD} 0`, `prod ${CLUSTER} 0`, `prod ${SSD} 3`, `prod ${NFS} 1`]),
  );
  for (const { incidents } of [subjectOf(backends, ODD), subjectOf(types, 'gold & <b>')]) {
    assert.deepEqual(incidents, [incident(since, NEXT_MS, ['failing'], { not_ended: true })]);
  }
  await assert.rejects(report('--cloud', 'test'), /with cloud="test" for this time; the clouds are "lab", "prod"/);
});

test('the page escapes what came from elsewhere', async () => {
  const page = await report('--output', 'html');
  assert.ok(page.includes('gold &amp; &lt;b&gt;'));
  assert.ok(!page.includes('<b>'));
});

test('the example of docs/report.md is what the command prints; UPDATE_GOLDEN=1 writes it', async () => {
  const file = new URL('../../docs/report.md', import.meta.url);
  const example = /(?<=<!-- example -->\n\n```text\n)[^]*?(?=```)/;
  const page = readFileSync(file, 'utf8');
  const [command = '', ...more] = commandBlocks('docs/report.md');
  assert.deepEqual(more, []);
  const [program, name, ...flags] = command.replace('http://prometheus:9090', prometheus.url).trim().split(' ');
  assert.deepEqual([program, name], ['cinder-exporter', 'report']);
  const text = await run(flags);
  if (process.env['UPDATE_GOLDEN'])
    writeFileSync(
      file,
      page.replace(example, () => text),
    );
  else assert.equal(example.exec(page)?.[0], text);
});
