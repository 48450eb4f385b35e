import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { renderRules } from '../../src/rules/render.ts';
import { parseSettings } from '../../src/rules/settings.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { Exposition, Sample } from '../support/exposition-parser.ts';
import { startCountingProxy } from '../lab/counting-proxy.ts';
import type { CountingProxy } from '../lab/counting-proxy.ts';
import { startExporter } from '../support/exporter.ts';
import type { Exporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { goProgram } from './go-install.ts';
import { startPrometheus } from './prometheus-process.ts';
import type { Prometheus, Series } from './prometheus-process.ts';
import { checkMetrics } from './check-metrics.ts';

/** Debian's 2.42, the oldest that alerts/README.md promises, and 3. */
const PROMETHEUSES = { 'Prometheus 2': 'prometheus', 'Prometheus 3': goProgram('prometheus') };

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Families whose values stay the same from one refresh to the next in a cloud at rest; no clock is at rest, and volumes are counted, and cinder-volumes asked, one backend after the other. */
const STEADY = /^cinder_(up|api|backend|service|pool)_?(?!.*(timestamp|clock_offset|volumes|answering))/;

for (const [which, binary] of Object.entries(PROMETHEUSES)) {
  describe(`scraped by ${which}`, () => {
    let simulator: Simulator;
    let exporter: Exporter;
    let proxy: CountingProxy;
    let prometheus: Prometheus;
    const folder = mkdtempSync(join(tmpdir(), 'cinder-scraped-'));
    const rules = join(folder, 'cinder.rules.yml');
    const text = renderRules(parseSettings(['interval=1s', 'capacity_interval=1s', 'availability_interval=1s']));
    writeFileSync(rules, text);
    const ruleCount = [...text.matchAll(/^ *- (alert|record):/gm)].length;
    before(async () => {
      simulator = await startSimulator();
      exporter = await startExporter({
        environment: simulator.environment(),
        config: 'defaults: {interval: 1s, max_random_delay: 0s}',
      });
      await exporter.waitFor('the pools are told', (page) => page.samples('cinder_pool_state').length > 0);
      proxy = await startCountingProxy(exporter.url);
      prometheus = await startPrometheus(binary, configuration(new URL(proxy.url).host, rules));
    });
    after(async () => {
      await prometheus?.stop();
      await proxy?.close();
      await exporter?.stop();
      await simulator?.close();
      rmSync(folder, { recursive: true });
    });

    test('the target is up, every scrape is good, nothing is dropped', async () => {
      await scraped(prometheus, 3);
      const { activeTargets } = (await prometheus.api('/targets')) as { readonly activeTargets: readonly Target[] };
      assert.deepEqual(
        activeTargets.map(({ health, lastError }) => ({ health, lastError })),
        activeTargets.map(() => ({ health: 'up', lastError: '' })),
      );
      const scrapes = await prometheus.query('min_over_time(up{job="cinder-exporter"}[1m])');
      assert.deepEqual(
        scrapes.map(({ value }) => value[1]),
        ['1'],
      );
      const lost = await prometheus.query('scrape_samples_scraped - scrape_samples_post_metric_relabeling');
      assert.deepEqual(
        lost.map(({ value }) => value[1]),
        ['0'],
      );
    });

    test('it asked for OpenMetrics and got it; text is there for who asks for text', async () => {
      await scraped(prometheus, 1);
      for (const { accept, contentType } of proxy.passed) {
        assert.match(accept ?? '', /^application\/openmetrics-text/);
        assert.match(contentType ?? '', /^application\/openmetrics-text; ?version=1\.0\.0/);
      }
      const text = await exporter.metrics('text');
      const openmetrics = await exporter.metrics('openmetrics');
      assert.deepEqual(steady(text), steady(openmetrics));
      await checkMetrics(exporter);
    });

    test('every value is in Prometheus as it is on the page', async () => {
      await scraped(prometheus, 1);
      const page = steady(await exporter.metrics());
      assert.ok(page.length > 50, `${page.length} samples`);
      const stored = await prometheus.query('{job="cinder-exporter",__name__=~"cinder_.*"}');
      const known = new Map(stored.map((series) => [identity(nameOf(series), ownLabels(series)), valueOf(series)]));
      for (const { name, labels, value } of page)
        assert.equal(known.get(identity(name, labels)), value, identity(name, labels));
      assert.equal(stored.filter((series) => STEADY.test(nameOf(series))).length, page.length);
    });

    test('every shipped rule is evaluated without a complaint, and sees a backend that is down', async () => {
      await scraped(prometheus, 3);
      interface Group {
        readonly file: string;
        readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[];
      }
      const groups = await waitFor(
        'every rule was evaluated',
        async () => {
          const answer = (await prometheus.api('/rules')) as { readonly groups: readonly Group[] };
          return answer.groups.some(({ rules }) => rules.some(({ health }) => health === 'unknown'))
            ? undefined
            : answer.groups;
        },
        60_000,
      );
      const rules = groups.flatMap((group) => group.rules);
      assert.equal(rules.length, ruleCount);
      assert.deepEqual(
        rules.filter(({ health, lastError }) => health !== 'ok' || lastError),
        [],
      );
      const down = await prometheus.query('ALERTS{alertname="CinderBackendDown"}');
      assert.deepEqual(
        down.map(({ metric }) => metric['host']),
        ['controller-3@hitachi-vsp-g400'],
      );
    });

    test('no label of ours is pushed aside by one of the target', async () => {
      const pushed = await prometheus.query(
        'count({__name__=~"cinder_.*",exported_job!=""} or {__name__=~"cinder_.*",exported_instance!=""})',
      );
      assert.deepEqual(pushed, []);
    });
  });
}

/** As shipped, evaluated every second. */
function configuration(target: string, rules: string): string {
  return `
global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: ['${rules}']
scrape_configs:
  - job_name: cinder-exporter
    static_configs: [{targets: ['${target}']}]
`;
}

/** Waits until Prometheus has so many good scrapes of the target. */
async function scraped(prometheus: Prometheus, times: number): Promise<void> {
  await waitFor(
    `${times} scrapes`,
    async () => {
      const [count] = await prometheus.query('sum_over_time(up{job="cinder-exporter"}[5m])');
      return Number(count?.value[1] ?? 0) >= times || undefined;
    },
    60_000,
  );
}

function steady(page: Exposition): Sample[] {
  return [...page.families.values()].flatMap(({ samples }) => samples.filter(({ name }) => STEADY.test(name)));
}

function nameOf({ metric }: Series): string {
  return metric['__name__'] ?? '';
}

/** Without what Prometheus adds; an empty label is no label. */
function ownLabels({ metric }: Series): Record<string, string> {
  const { __name__: _, job: __, instance: ___, ...labels } = metric;
  return labels;
}

function identity(name: string, labels: Readonly<Record<string, string>>): string {
  const told = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify([name, told.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function valueOf({ value: [, text] }: Series): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}
