import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ruleGroups } from '../../src/rules/render.ts';
import { CONDITION_CODE } from '../../src/rules/memory.ts';
import { defaultSettings } from '../../src/rules/settings.ts';
import { ALL_QUERIES, answer, byHost, checkKeys, checkShape, dashboardOf, valuesOf } from '../grafana/asked.ts';
import { BACKENDS, codeOf, CODES, EXPECTED, letters } from '../grafana/expected.ts';
import { HOSTS, MEMBERS, POOLS_OF_ASSUMED } from '../grafana/faulty-cloud.ts';
import { faultyHour, START_MS } from '../grafana/hour.ts';
import { interpolate, type Choice } from '../grafana/interpolate.ts';
import { startPrometheus, type Prometheus, type Series } from '../grafana/prometheus.ts';
import { BIG, END_MS, scrapedHour } from '../grafana/scraped-hour.ts';
import { DASHBOARDS, labelValues, shownPanels, UIDS } from '../grafana/shipped.ts';

let prometheus: Prometheus;
before(async () => {
  prometheus = await startPrometheus(scrapedHour(await faultyHour()));
});
after(() => prometheus?.close());

/** A choice of targets, and what is in them. */
const SCOPES = [
  { name: 'two replicas, no cloud label', choice: { job: 'cinder-exporter' }, replicas: 2, cloud: undefined },
  { name: 'one of several clouds', choice: { job: 'cinder-clouds', cloud: 'oslo' }, replicas: 1, cloud: 'oslo' },
] as const;

test('every query of every panel has an expectation, and the other way round', () => {
  assert.deepEqual(ALL_QUERIES.map(({ where }) => where).toSorted(), Object.keys(EXPECTED).toSorted());
});

for (const { name, choice, replicas, cloud } of SCOPES) {
  for (const uid of UIDS) {
    test(`${uid}, ${name}: every query gives the expected series`, async () => {
      for (const asked of ALL_QUERIES.filter(({ dashboard }) => dashboard.uid === uid)) {
        const { series, key, more } = EXPECTED[asked.where] ?? { series: 0, key: [], more: [] };
        const seen = new Set<string>();
        for (const [i, wanted] of (typeof series === 'number' ? [series] : series).entries()) {
          const host = typeof series === 'number' ? undefined : BACKENDS[i];
          const found = await answer(prometheus, asked, host === undefined ? choice : { ...choice, host });
          checkShape(asked.where, found, key.includes('instance') ? wanted * replicas : wanted, cloud);
          for (const { metric } of found) for (const label of Object.keys(metric)) seen.add(label);
        }
        for (const label of more) assert.ok(seen.has(label), `${asked.where}: no series with a label ${label}`);
      }
    });
  }
}

test('every column of a table is there: a label of an answer, or the value of a query', async () => {
  for (const dashboard of DASHBOARDS) {
    for (const panel of shownPanels(dashboard).filter(({ type }) => type === 'table')) {
      const queries = ALL_QUERIES.filter((asked) => asked.panel === panel);
      const there = new Set(queries.map(({ target }) => (queries.length > 1 ? `Value #${target.refId}` : 'Value')));
      // Made by Grafana itself, by a transformation.
      there.add('volume_type (uniqueValues)');
      const hosts =
        dashboard.uid === 'cinder-backend' ? [...BACKENDS, HOSTS.failedOver, HOSTS.serviceDown] : [undefined];
      for (const asked of queries) {
        for (const host of hosts) {
          const choice = { job: 'cinder-clouds', cloud: 'oslo', ...(host !== undefined && { host }) };
          for (const { metric } of await answer(prometheus, asked, choice))
            for (const label of Object.keys(metric)) there.add(label);
        }
      }
      const from = panel.transformations?.flatMap(({ options }) => Object.keys(options.renameByName ?? {})) ?? [];
      // The same panel on two dashboards: alerts of volume types have no host.
      const missing = dashboard.uid === 'cinder-backend' && panel.title === 'Firing alerts' ? ['volume_type'] : [];
      assert.deepEqual(
        from.filter((field) => !there.has(field)),
        missing,
        `${dashboard.uid}/${panel.title}`,
      );
    }
  }
});

function answerOf(where: string, choice: Choice): Promise<readonly Series[]> {
  const asked = ALL_QUERIES.find((one) => one.where === where);
  assert.ok(asked, where);
  return answer(prometheus, asked, choice);
}

const ONE_CLOUD = { job: 'cinder-exporter' } as const;

/** The timeline of a cloud whose conditions are not recorded. */
const TIMELINE = 'cinder-backends/Condition of every backend/B';
const EVERY_BAR = { shown: '0' } as const;

test('the condition of every backend is the right one, on the timeline and in the table, with its runbook', async () => {
  assert.deepEqual(byHost(await answerOf(TIMELINE, { ...ONE_CLOUD, ...EVERY_BAR })), CODES);
  const table = await answerOf('cinder-backends/Backends/A', ONE_CLOUD);
  assert.deepEqual(byHost(table), CODES);
  const runbooks = Object.fromEntries(table.map(({ metric }) => [metric['host'], metric['runbook']]));
  assert.equal(runbooks[HOSTS.down], 'CinderBackendDown');
  assert.equal(runbooks[HOSTS.serviceDown], 'CinderVolumeServiceDown');
  assert.equal(runbooks[HOSTS.filling], undefined);
});

test('the counts by condition are those of the timeline', async () => {
  for (const [i, letter] of letters('ABCDEFGHIJK').entries()) {
    const [found] = await answerOf(`cinder-backends/Backends by condition/${letter}`, ONE_CLOUD);
    assert.equal(
      Number(found?.values.at(-1)?.[1]),
      Object.values(CODES).filter((code) => code === codeOf('down') - i).length,
      letter,
    );
  }
});

test('the timeline tells the story of the hour', async () => {
  const found = await answerOf(TIMELINE, { ...ONE_CLOUD, ...EVERY_BAR });
  const story = (host: string): string => {
    const values = found.find(({ metric }) => metric['host'] === host)?.values.map(([, value]) => value) ?? [];
    return values.filter((value, i) => value !== values[i - 1]).join(' ');
  };
  const [down, stale, unknown] = [codeOf('down'), codeOf('stale'), codeOf('unknown')];
  assert.equal(story(HOSTS.down), `0 ${down}`);
  assert.equal(story(HOSTS.stale), `0 ${stale}`);
  assert.equal(story(HOSTS.unknown), `0 ${unknown}`);
  assert.equal(story(HOSTS.cluster), '0');
  assert.match(story(HOSTS.flapping), new RegExp(`^0 ${down}( 0 ${down})*$`));
});

test('what is left of the budget: the chosen target counts, and days are of the budget of 30 days', async () => {
  const left = async (choice: Choice): Promise<Record<string, number>> =>
    Object.fromEntries(
      Object.entries(
        byHost(await answerOf('cinder-availability/Backends, worst first/C', { ...ONE_CLOUD, ...choice })),
      ).map(([host, value]) => [host, Math.round(value * 1000) / 1000]),
    );
  assert.deepEqual(await left({}), { [HOSTS.down]: -19, [HOSTS.filling]: 1, [HOSTS.degraded]: 0.5 });
  assert.deepEqual(await left({ target: '0.99' }), { [HOSTS.down]: -1, [HOSTS.filling]: 1, [HOSTS.degraded]: 0.95 });
  const days = byHost(await answerOf('cinder-availability/Days of each backend/A', ONE_CLOUD));
  assert.deepEqual([Math.round((days[HOSTS.down] ?? 0) * 100) / 100, days[HOSTS.filling]], [16.67, 0]);
});

test('services are counted by what an administrator did before their heartbeat', async () => {
  const found = await answerOf('cinder-backends/Services/A', ONE_CLOUD);
  const codes = byHost(found.filter(({ metric }) => metric['binary'] === 'cinder-volume'));
  assert.deepEqual(
    [HOSTS.serviceDown, HOSTS.filling, HOSTS.disabled, HOSTS.failedOver, HOSTS.frozen].map((host) => codes[host]),
    [0, 1, 2, 2, 3],
  );
  assert.deepEqual(
    valuesOf(await answerOf('cinder-backend/Services/A', { ...ONE_CLOUD, host: HOSTS.cluster }), 'host'),
    [...MEMBERS].toSorted(),
  );
});

test('a backend whose services are in two zones is found in each of them', async () => {
  for (const [zone, number] of [
    ['az 1', 1],
    ['az 2', 6],
    ['nova', 6],
  ] as const) {
    const hosts = Object.keys(byHost(await answerOf(TIMELINE, { ...ONE_CLOUD, ...EVERY_BAR, zone })));
    assert.equal(hosts.length, number, zone);
    assert.equal(hosts.includes(HOSTS.cluster), zone !== 'nova', zone);
  }
});

test('capacity: the pace of a backend that fills, the limit line, infinite and unknown left out of sums', async () => {
  const value = async (where: string, host: string): Promise<number> =>
    Number((await answerOf(where, { ...ONE_CLOUD, host })).at(-1)?.values.at(-1)?.[1]);
  // 50 GiB a minute, with 3150 to 3050 GiB left: about an hour.
  const fullIn = await value('cinder-backend/Pools/F', HOSTS.filling);
  assert.ok(fullIn > 3000 && fullIn < 4200, `${fullIn}`);
  const provisioned = await value('cinder-backend/Pools/D', HOSTS.filling);
  const limit = 10_000 * 2 ** 30 * 0.9 * 20;
  assert.equal(await value('cinder-backend/Provisioned share of each pool/A', HOSTS.filling), provisioned / limit);
  assert.equal(await value('cinder-backend/Capacity/A', HOSTS.assumed), (40_960 + 500) * 2 ** 30);
});

test('pools with quotes, backslashes and spaces can be chosen', async () => {
  for (const pool of [[POOLS_OF_ASSUMED[0]], [...POOLS_OF_ASSUMED].slice(1)]) {
    const found = await answerOf('cinder-backend/State of each pool/A', { ...ONE_CLOUD, host: HOSTS.assumed, pool });
    assert.deepEqual(valuesOf(found, 'pool'), pool.toSorted());
  }
});

test('any of the awkward hosts can be chosen, alone and with others', async () => {
  const hosts = Object.values(HOSTS);
  for (const host of [...hosts.map((one) => [one]), hosts.slice(2, 6), hosts]) {
    const found = await answerOf(TIMELINE, { ...ONE_CLOUD, ...EVERY_BAR, host });
    assert.deepEqual(Object.keys(byHost(found)).toSorted(), host.toSorted());
  }
});

test('variables offer what there is', async () => {
  const values = async (uid: (typeof UIDS)[number], name: string, choice: Choice): Promise<readonly string[]> => {
    const dashboard = dashboardOf(uid);
    const variable = dashboard.templating.list.find((one) => one.name === name);
    const asked = variable && labelValues(variable);
    assert.ok(asked, name);
    return prometheus.labelValues(interpolate(asked.selector, dashboard, choice), asked.label, START_MS, END_MS);
  };
  const jobs = ['cinder-1000', 'cinder-clouds', 'cinder-exporter', 'cinder-one'];
  for (const uid of UIDS) {
    assert.deepEqual(await values(uid, 'job', {}), jobs);
    assert.deepEqual(await values(uid, 'cloud', {}), ['oslo', 'paris']);
    assert.deepEqual(await values(uid, 'cloud', ONE_CLOUD), [], 'no such label: only "All" is left, and it matches');
  }
  assert.deepEqual(await values('cinder-backends', 'zone', ONE_CLOUD), ['az 1', 'az 2', 'nova']);
  assert.deepEqual((await values('cinder-backends', 'host', ONE_CLOUD)).toSorted(), Object.values(HOSTS).toSorted());
  assert.deepEqual((await values('cinder-backend', 'host', ONE_CLOUD)).toSorted(), Object.values(HOSTS).toSorted());
  assert.deepEqual(
    (await values('cinder-backend', 'pool', { host: HOSTS.assumed })).toSorted(),
    [...POOLS_OF_ASSUMED].toSorted(),
  );
  assert.deepEqual(await values('cinder-exporter', 'instance', ONE_CLOUD), ['10.0.0.1:10776', '10.0.0.2:10776']);
});

test('annotations are the firing alerts of the shipped rules, and on one backend its own', async () => {
  const names = async (uid: (typeof UIDS)[number], choice: Choice): Promise<readonly string[]> => {
    const dashboard = dashboardOf(uid);
    const [annotation] = dashboard.annotations.list;
    assert.ok(annotation);
    const found = await prometheus.over(interpolate(annotation.expr, dashboard, choice), START_MS, END_MS, 60_000);
    return valuesOf(found, 'alertname');
  };
  const all = ['CinderBackendDown', 'CinderBackendStatsStale', 'CinderVolumeServiceDown', 'CinderVolumeTypeDown'];
  assert.deepEqual(await names('cinder-backends', ONE_CLOUD), all);
  assert.deepEqual(await names('cinder-exporter', ONE_CLOUD), all);
  assert.deepEqual(await names('cinder-backend', { ...ONE_CLOUD, host: HOSTS.down }), ['CinderBackendDown']);
});

test('all jobs and clouds at once: still one series for each backend of each', async () => {
  const found = await answerOf(TIMELINE, EVERY_BAR);
  assert.equal(found.length, 3 * Object.keys(CODES).length + 1 + BIG);
  for (const asked of ALL_QUERIES) {
    const choice = asked.dashboard.uid === 'cinder-backend' ? { host: HOSTS.filling } : {};
    checkKeys(asked.where, await answer(prometheus, asked, choice));
  }
});

test('the timeline shows what was not up within the hour, and has ended since, but nothing that was up', async () => {
  const bars = byHost(await answerOf(TIMELINE, ONE_CLOUD));
  const ups: readonly number[] = [codeOf('up'), codeOf('up_assumed')];
  assert.deepEqual(
    Object.keys(bars).toSorted(),
    Object.keys(CODES)
      .filter((host) => !ups.includes(CODES[host] ?? 0))
      .toSorted(),
  );
});

test('the timeline is in the order in which Prometheus answers: the worst of the hour first', async () => {
  const big = { job: 'cinder-1000', recorded: CONDITION_CODE, ...EVERY_BAR };
  for (const [letter, choice, bars] of [
    ['B', {}, 9],
    ['B', EVERY_BAR, Object.keys(CODES).length],
    ['A', big, BIG],
  ] as const) {
    const where = `cinder-backends/Condition of every backend/${letter}`;
    const found = await answerOf(where, { ...ONE_CLOUD, ...choice });
    const worst = found.map(({ values }) => {
      const code = Math.max(...values.map(([, value]) => Number(value)));
      return code === codeOf('up_assumed') ? codeOf('up') : code;
    });
    const ranks = found.map(({ metric }) => 50 - Number(metric['_rank']));
    assert.equal(ranks.length, bars);
    assert.ok(
      ranks.every((rank, i) => rank <= (ranks[i - 1] ?? Infinity)),
      ranks.slice(0, 20).join(' '),
    );
    assert.equal(ranks[0], codeOf('down'));
    // What lasted for less than a step is ranked, but not among the points that are drawn.
    const differing = ranks.filter((rank, i) => rank !== worst[i]).length;
    assert.ok(differing <= 1, `${where}: ${differing} differ`);
  }
});

test('a bar is named for its cloud only where there are several', async () => {
  const clouds = async (choice: Choice): Promise<ReadonlySet<string | undefined>> =>
    new Set((await answerOf(TIMELINE, { ...EVERY_BAR, ...choice })).map(({ metric }) => metric['_cloud']));
  assert.deepEqual(await clouds({ job: 'cinder-clouds' }), new Set(['oslo', 'paris']));
  assert.deepEqual(await clouds({ job: 'cinder-clouds', cloud: 'oslo' }), new Set([undefined]));
  assert.deepEqual(await clouds(ONE_CLOUD), new Set([undefined]));
});

test('the rules record the numbers that the dashboard reckons', async () => {
  const rule = ruleGroups(defaultSettings())
    .flatMap(({ rules }) => rules)
    .find((one) => 'record' in one && one.record === CONDITION_CODE);
  assert.deepEqual(byHost(await prometheus.at(rule?.expr ?? '', END_MS)), CODES);
});

for (const [job, size, recorded] of [
  ['cinder-one', 1, ''],
  ['cinder-1000', BIG, CONDITION_CODE],
] as const) {
  test(`${size} backends: the same panels, and no query is refused`, async () => {
    const choice = { job, recorded };
    const [timeline, other] = recorded === '' ? (['B', 'A'] as const) : (['A', 'B'] as const);
    const bars = (letter: string, more: Choice): Promise<readonly Series[]> =>
      answerOf(`cinder-backends/Condition of every backend/${letter}`, { ...choice, ...more });
    assert.equal((await bars(timeline, EVERY_BAR)).length, size);
    assert.equal((await bars(timeline, {})).length, Math.floor(size / 10));
    assert.equal((await bars(other, EVERY_BAR)).length, 0);
    assert.equal((await answerOf('cinder-backends/Backends/A', choice)).length, size);
    const [down] = await answerOf('cinder-backends/Backends by condition/A', choice);
    assert.equal(Number(down?.values.at(-1)?.[1]), Math.floor(size / 10));
    for (const asked of ALL_QUERIES) {
      const one = asked.dashboard.uid === 'cinder-backend' ? { ...choice, host: 'stor-0.example.org@array-0' } : choice;
      const found = await answer(prometheus, asked, one);
      assert.ok(found.length <= size, asked.where);
      checkKeys(asked.where, found);
    }
  });
}

test('1000 backends: no panel takes more than a second of a processor, all of a dashboard not more than four', async () => {
  const choice = { job: 'cinder-1000', recorded: CONDITION_CODE };
  const took: Record<string, number> = {};
  for (const asked of ALL_QUERIES.filter(({ dashboard }) => dashboard.uid === 'cinder-backends')) {
    const before = await prometheus.usedMs();
    await answer(prometheus, asked, choice);
    took[asked.panel.title] = (took[asked.panel.title] ?? 0) + (await prometheus.usedMs()) - before;
  }
  const said = JSON.stringify(took);
  assert.ok(
    Object.values(took).every((ms) => ms < 1000),
    said,
  );
  const all = Object.values(took).reduce((sum, ms) => sum + ms, 0);
  assert.ok(all > 100 && all < 4000, said);
});
