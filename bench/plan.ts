import type { Facts } from './rows/process.ts';
import { grouped, short } from './stats.ts';

const INTERVAL_S = 30;
const SAMPLES_A_DAY = 86_400 / INTERVAL_S;
/** Source: Prometheus' documentation, "Storage": an average of only 1-2 bytes per sample. */
const BYTES_A_SAMPLE = [1, 2] as const;
/** Source: Grafana Mimir's documentation, "Planning Grafana Mimir capacity". */
const MIMIR = { seriesAUnit: 300_000, cores: 1, memoryGb: 2.5, diskGb: 5, replication: 3, samplesACore: 25_000 };

/** From this many backends on, `docs/install/README.md` advises the larger limit. */
const LARGE_FROM = 5000;

/**
 * What an operator asks first, from the same figures: a row for each size but the smallest.
 * `idle` is the measured share of a core at the smallest of these, in percent, and `fewer` the same without asking each cinder-volume.
 */
export function whatItCosts(facts: readonly Facts[], idle: number, fewer: number): string {
  const [one, ...sizes] = facts;
  if (!one) throw new Error('the costs need the figures of the process');
  const rows = sizes.map((of, i) => {
    const core = i === 0 ? idle : (of.cpuMs - one.cpuMs) / INTERVAL_S / 10;
    const page =
      of.gzipBytes >= 1e5 ? `${(of.gzipBytes / 1e6).toFixed(1)} MB` : `${(of.gzipBytes / 1e3).toFixed(0)} kB`;
    const limit = of.backends >= LARGE_FROM ? '512 MiB' : '256 MiB';
    return `| ${grouped(of.backends)} | ${of.residentMb.toFixed(0)} MB | ${limit} | ${core.toFixed(1)} % of a core | ${grouped((2 * 3600) / INTERVAL_S)} | ${grouped(Math.round(of.series / 100) * 100)} | ${page} |`;
  });
  const anHour = (percent: number): string => (percent * 36).toFixed(0);
  return `## What it costs

| backends | memory | give it | CPU | GETs an hour, services and pools | series in Prometheus | page, compressed |
|---|---|---|---|---|---|---|
${rows.join('\n')}

With 4 pools a backend, a refresh every ${INTERVAL_S} s and a scrape every ${INTERVAL_S / 2} s. A scrape sends nothing to Cinder. The number of backends does not
change the number of these requests. What each collector costs Cinder: [below](#what-cinder-pays). Volume types are read every ten minutes, and counting volumes takes fewer than ten
requests a minute (\`collectors.volumes: false\` turns it off). Asking each cinder-volume whether it answers takes one request a minute for each backend, thirty at most.
With ${grouped(sizes[0]?.backends ?? 0)} backends that takes ${anHour(idle - fewer)} s of the exporter's CPU an hour, and all else ${anHour(fewer)} s (\`collectors.capabilities: false\` turns it off).
It is in the CPU of the first row. The other rows are without it; there it adds the same.
`;
}

/** The chapter on what comes after one machine, with its arithmetic done on what was measured. */
export function planPastOneMachine(facts: readonly Facts[]): string {
  const [one, large] = [facts[0], facts.at(-1)];
  if (!one || !large) throw new Error('the plan needs the figures of the process');
  const slope = (read: (of: Facts) => number): number => (read(large) - read(one)) / (large.backends - one.backends);
  const series = slope((of) => of.series);
  const ownSeries = one.series - series;
  const cpuMs = slope((of) => of.cpuMs);
  const memoryKb = slope((of) => of.peakMb) * 1000;
  const clouds = { count: 200, backends: 50 };
  const backends = clouds.count * clouds.backends;
  const all = clouds.count * ownSeries + backends * series;
  const inMemory = all * MIMIR.replication;
  const units = inMemory / MIMIR.seriesAUnit;
  const samplesASecond = all / INTERVAL_S;
  const bytesADay = (of: number, bytes: number): number => of * SAMPLES_A_DAY * bytes;
  const size = (bytes: number): string =>
    bytes >= 1e9 ? `${short(bytes / 1e9)} GB` : bytes >= 1e6 ? `${short(bytes / 1e6)} MB` : `${short(bytes / 1e3)} kB`;
  const range = (of: number): string => BYTES_A_SAMPLE.map((bytes) => size(bytesADay(of, bytes))).join(' to ');

  return `## Past one machine

### When one is enough

From the measurements above, with 4 pools a backend, a refresh every ${INTERVAL_S} s and two scrapes in that time:

| | a backend | ${grouped(large.backends)} backends | 100,000 backends |
|---|---|---|---|
| CPU | ${short(cpuMs * 1000)} µs a refresh | ${short((cpuMs * large.backends) / INTERVAL_S / 10)}% of a core | ${short((cpuMs * 100_000) / INTERVAL_S / 10)}% of a core |
| memory (highest) | ${short(memoryKb)} kB beyond ${short(one.peakMb)} MB | ${short(large.peakMb)} MB | ${short((one.peakMb + memoryKb * 100) / 1000)} GB |
| page | ${short(slope((of) => of.pageBytes) / 1000)} kB, ${grouped(slope((of) => of.gzipBytes))} B compressed | ${short(large.pageBytes / 1e6)} MB, ${short(large.gzipBytes / 1e6)} MB compressed | ${short((large.pageBytes * 1e5) / large.backends / 1e6)} MB, ${short((large.gzipBytes * 1e5) / large.backends / 1e6)} MB compressed |
| series | ${short(series)} | ${grouped(large.series)} | ${grouped(series * 100_000 + ownSeries)} |

A cloud adds at most ${grouped(ownSeries)} series of its own, whatever its size. So one exporter is enough for any cloud that Cinder itself can serve. Reasons to split it are others:

* a network per region;
* credentials that should not lie on one host;
* a page that Prometheus should not read in one piece. Look at its limits: \`body_size_limit\`, \`sample_limit\`, and \`scrape_timeout\`, which is 10 s by default.

### Several exporters, the clouds split between them

Each exporter refreshes the clouds of its own configuration file and no other; \`/sd\` lists just these. Prometheus asks every exporter what it has, so a
cloud that moves from one file to another moves with nothing changed in Prometheus. Where Prometheus is sharded as well, each shard keeps its part of the clouds by a hash of the cloud's name:

\`\`\`yaml
global:
  external_labels: {cluster: cinder-0, __replica__: a}   # for Thanos: replica: a
scrape_configs:
  - job_name: cinder-exporter
    scrape_interval: ${INTERVAL_S}s
    http_sd_configs:
      - url: http://exporter-0a.example.org:10776/sd
      - url: http://exporter-1a.example.org:10776/sd
    relabel_configs:
      - source_labels: [__param_cloud]
        action: hashmod
        modulus: 2                # shards of Prometheus
        target_label: __tmp_shard
      - source_labels: [__tmp_shard]
        action: keep
        regex: "0"                # this shard
      - source_labels: [cloud]
        target_label: instance    # the same at both replicas
\`\`\`

The same hash can split the configuration, so that exporter and Prometheus of one shard belong together. \`hashmod\` is the last eight bytes of the name's MD5, modulo the number of shards:

\`\`\`sh
node -e 'const [n, ...clouds] = process.argv.slice(1);
for (const c of clouds) console.log(Number(crypto.createHash("md5").update(c).digest().readBigUInt64BE(8) % BigInt(n)), c)' 2 production lab
\`\`\`

### Two of each

For a pair, run two exporters with the same configuration file, \`a\` and \`b\`, and two Prometheus servers, each of which scrapes its own. Nothing is
shared between the halves, so nothing has to be elected, and losing either half loses no sample. It costs the cloud ${grouped((2 * 2 * 3600) / INTERVAL_S)} GETs an hour instead of ${grouped((2 * 3600) / INTERVAL_S)};
\`max_random_delay\` keeps the two from asking in the same second. With no live scheduler there are two requests that wait, one for each exporter.
\`instance\` must be the same in both halves (the last rule above), and only the external label tells them apart:

* Prometheus alone: both evaluate the same rules, and Alertmanager, which both send to, drops the duplicates. Drop the replica label from alerts with \`alert_relabel_configs\`.
* Mimir: \`external_labels\` of \`cluster\` and \`__replica__\`, and the tenant's limit \`accept_ha_samples: true\`. It stores the samples of the elected half only, and changes over after 30 s without any.
* Thanos: an external label \`replica\`; \`thanos query --query.replica-label=replica\` merges the halves when asked. The bucket holds both halves, twice the bytes below, unless the compactor merges them
  (\`--deduplication.replica-label=replica --deduplication.func=penalty\`).

### What a database then holds

${clouds.count} clouds with ${clouds.backends} backends each, scraped every ${INTERVAL_S} s, one half:

* series: ${clouds.count} x (${grouped(ownSeries)} + ${clouds.backends} x ${short(series)}) = ${grouped(all)}; samples: ${grouped(all)} / ${INTERVAL_S} s = ${grouped(samplesASecond)}/s
* bytes a day and backend: ${short(series)} series x ${grouped(SAMPLES_A_DAY)} samples x 1 to 2 bytes = ${range(series)}
* bytes a day, all: ${grouped(all)} x ${grouped(SAMPLES_A_DAY)} x 1 to 2 = ${range(all)}; a year: ${range(all * 365)}. Most of these values hardly ever change, so expect the lower end
* Mimir's ingesters hold each series ${MIMIR.replication} times: ${grouped(inMemory)} in memory = ${short(units)} x ${grouped(MIMIR.seriesAUnit)}, so ${short(units * MIMIR.cores)} cores, ${short(units * MIMIR.memoryGb)} GB of memory and ${short(units * MIMIR.diskGb)} GB of disk between them; half as much again is advised as a reserve.
  Its distributors receive both halves: 2 x ${grouped(samplesASecond)}/s of ${grouped(MIMIR.samplesACore)}/s a core, ${short((2 * samplesASecond) / MIMIR.samplesACore)} cores
* the bucket of Mimir: the bytes above once; of Thanos: twice, and once after the compactor has merged the halves

Bytes a sample are Prometheus' own figure (its documentation, "Storage"), the sizes of Mimir Grafana's ("Planning Grafana Mimir capacity"). The rest was measured here.
A cloud's share can be asked of a running Prometheus: \`sum by (cloud) (scrape_samples_scraped{job="cinder-exporter"})\`.
`;
}
