import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DASHBOARDS, shownPanels } from './shipped.ts';

for (const dashboard of DASHBOARDS) {
  const { uid, panels } = dashboard;

  test(`${uid}: no panel lies over another or outside the 24 columns`, () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      assert.ok(
        gridPos.x >= 0 && gridPos.y >= 0 && gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= 24,
        title,
      );
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.equal(taken.get(`${x},${y}`), undefined, `${title} lies over ${taken.get(`${x},${y}`)} at ${x},${y}`);
          taken.set(`${x},${y}`, title);
        }
      }
    }
    const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    assert.equal(taken.size, 24 * height, 'no hole either');
  });

  test(`${uid}: every panel has an id of its own, every query a letter of its own`, () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const { id, title, targets = [] } of panels) {
      assert.ok(Number.isInteger(id) && id > 0, title);
      assert.deepEqual(
        targets.map(({ refId }) => refId),
        targets.map((_, i) => String.fromCodePoint(65 + i)),
        title,
      );
    }
  });

  test(`${uid}: titles are unique, and a column that is styled exists`, () => {
    const shown = shownPanels(dashboard);
    assert.equal(new Set(shown.map(({ title }) => title)).size, shown.length);
    for (const { title, type, transformations = [], fieldConfig } of shown) {
      if (type !== 'table') continue;
      const headers = transformations.flatMap(({ options }) => Object.values(options.renameByName ?? {}));
      assert.equal(new Set(headers).size, headers.length, title);
      for (const { matcher } of fieldConfig?.overrides ?? [])
        assert.ok(headers.includes(matcher.options), `${title}: ${matcher.options}`);
    }
  });
}

/** At 1440 pixels, without Grafana's menu, its margins and the panel's. A column without a width of its own has at least `minWidth`. */
const tableWidth = (columns: number): number => (columns / 24) * (1440 - 32) - 8 - 18;

test('tables: at most eight columns, all of them seen at 1440 pixels, with their whole header', () => {
  for (const { uid, panels } of DASHBOARDS) {
    for (const { title, type, gridPos, fieldConfig, options, transformations = [] } of panels) {
      if (type !== 'table') continue;
      const headers = transformations.flatMap(({ options }) => Object.values(options.renameByName ?? {}));
      assert.ok(headers.length <= 8, `${uid}/${title}: ${headers.length} columns`);
      const least = fieldConfig?.defaults.custom?.minWidth ?? 150;
      let sum = 0;
      for (const header of headers) {
        const { properties = [] } = fieldConfig?.overrides.find(({ matcher }) => matcher.options === header) ?? {};
        const own = properties.find(({ id }) => id === 'custom.width')?.value;
        const width = typeof own === 'number' ? own : least;
        // Letters of 7.5 pixels, the padding, the symbol of the filter, and an arrow on the column by which rows are sorted.
        const sorted = options?.sortBy?.some(({ displayName }) => displayName === header) ?? false;
        assert.ok(width >= 7.5 * header.length + 32 + (sorted ? 20 : 0), `${uid}/${title}/${header}: ${width} pixels`);
        const isTime = properties.some(({ value }) => value === 'dateTimeFromNow');
        assert.ok(!isTime || width >= 7.5 * 'a few seconds ago'.length + 16, `${uid}/${title}/${header}: ${width}`);
        sum += width;
      }
      assert.ok(sum <= tableWidth(gridPos.w), `${uid}/${title}: ${sum} of ${tableWidth(gridPos.w)} pixels`);
    }
  }
});

/** As long as a name usually is: the least that a legend or a bar must have room for. */
const NAMES: Readonly<Record<string, string>> = {
  instance: 'controller-1.example.org:10776',
  operation: 'capabilities',
  collector: 'volume_types',
};

test('what each replica tells has room for the names of its replicas', () => {
  let legends = 0;
  for (const { uid, panels } of DASHBOARDS) {
    for (const { title, type, gridPos, targets = [], options } of panels) {
      for (const { legendFormat = '' } of targets) {
        if (!legendFormat.includes('{{instance}}')) continue;
        const where = `${uid}/${title}`;
        assert.notEqual(type, 'stat', `${where}: a table has a row for each replica`);
        if (type !== 'timeseries') continue;
        legends += 1;
        const text = legendFormat.replaceAll(/{{(\w+)}}/g, (_, label: string) => NAMES[label] ?? '').trim();
        // Letters of 7 pixels at 12 px, the line before them, and a column for each number.
        const width = 7 * text.length + 32 + 65 * (options?.legend?.calcs?.length ?? 0);
        assert.ok(
          width <= tableWidth(gridPos.w),
          `${where}: “${text}” needs ${width} of ${tableWidth(gridPos.w)} pixels`,
        );
      }
    }
  }
  assert.ok(legends > 10);
});

test('timelines: the bars of a page are as high as their names', () => {
  for (const { uid, panels } of DASHBOARDS) {
    for (const { title, type, gridPos, options } of panels) {
      if (type !== 'state-timeline') continue;
      // Rows of 38 pixels, without the margin, the title, the time, the legend and the pages.
      const height = gridPos.h * 38 - 8 - 32 - 16 - 22 - 26 - 30;
      // A backend has one condition.
      if (gridPos.h < 6) continue;
      const bars = options?.perPage ?? Infinity;
      assert.ok(height / bars >= 14, `${uid}/${title}: ${bars} bars in ${height} pixels`);
    }
  }
});
