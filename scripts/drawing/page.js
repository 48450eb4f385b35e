/**
 * Runs in a browser, bundled with @grafana/ui and @grafana/data, which are no dependencies of this project: scripts/draw.ts has them in a folder of their own.
 * Tables, stats, time series and panels are Grafana's components; the state timeline is not on npm, so it is drawn here.
 */
import * as data from '@grafana/data';
import * as ui from '@grafana/ui';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';

/** Grafana's grid: 24 columns of the page's width, rows of 30 px, 8 px between. */
const ROW = 30;
const GAP = 8;
const MARGIN = 16;
const TOP = 84;

/** What the plugins fill in where a dashboard says nothing. Source: grafana/grafana, public/app/plugins/panel/{PLUGIN}/module.tsx. */
const PLUGIN_DEFAULTS = {
  timeseries: {
    color: { mode: 'palette-classic' },
    custom: {
      drawStyle: 'line',
      lineInterpolation: 'linear',
      pointSize: 5,
      spanNulls: false,
      insertNulls: false,
      gradientMode: 'none',
      axisPlacement: 'auto',
      axisLabel: '',
      axisColorMode: 'text',
      scaleDistribution: { type: 'linear' },
      hideFrom: { legend: false, tooltip: false, viz: false },
      stacking: { mode: 'none', group: 'A' },
      thresholdsStyle: { mode: 'off' },
    },
  },
  table: { custom: { align: 'auto', inspect: false, cellOptions: { type: 'auto' } } },
};

data.standardTransformersRegistry.setInit(() =>
  // One of them is there by two names.
  [...new Set(Object.values(data.standardTransformers))].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: () => null,
  })),
);
data.locationUtil.initialize({
  config: { appSubUrl: '' },
  getVariablesUrlParams: () => ({}),
  getTimeRangeForUrl: () => ({ from: 'now-6h', to: 'now' }),
});

/** Every property that a dashboard sets, each taken as it is. */
function registryOf(panels) {
  const ids = new Set([
    'unit',
    'min',
    'max',
    'decimals',
    'displayName',
    'color',
    'noValue',
    'thresholds',
    'mappings',
    'links',
  ]);
  for (const { type, fieldConfig } of panels) {
    for (const of of [fieldConfig?.defaults?.custom, PLUGIN_DEFAULTS[type]?.custom])
      for (const key of Object.keys(of ?? {})) ids.add(`custom.${key}`);
    for (const { properties } of fieldConfig?.overrides ?? []) for (const { id } of properties) ids.add(id);
  }
  return new data.FieldConfigOptionsRegistry(() =>
    [...ids].map((id) => ({
      id,
      path: id.replace(/^custom\./, ''),
      isCustom: id.startsWith('custom.'),
      name: id,
      process: (value) => value,
      shouldApply: (field) => field.type !== 'time' || id === 'displayName' || id.startsWith('custom.'),
    })),
  );
}

/** The JSON has `null` where Grafana has -Infinity. */
function withBase(value) {
  return JSON.parse(JSON.stringify(value ?? {}), (key, one) =>
    key === 'steps' && Array.isArray(one) ? one.map((step) => ({ ...step, value: step.value ?? -Infinity })) : one,
  );
}

async function prepared({ panel, frames }, registry, theme) {
  const made = frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => ({ ...field, config: { ...field.config } })),
  }));
  const transformed = await lastValueFrom(data.transformDataFrame(panel.transformations ?? [], made));
  const own = withBase(panel.fieldConfig);
  const plugin = PLUGIN_DEFAULTS[panel.type] ?? {};
  const defaults = { ...plugin, ...own.defaults, custom: { ...plugin.custom, ...own.defaults?.custom } };
  const fieldConfig = { defaults, overrides: own.overrides ?? [] };
  return {
    fieldConfig,
    series: data.applyFieldOverrides({
      data: transformed,
      fieldConfig,
      fieldConfigRegistry: registry,
      replaceVariables: (text) => text,
      theme,
      timeZone: 'utc',
    }),
  };
}

const empty = (text, width, height) =>
  h('div', { style: { width, height, display: 'grid', placeItems: 'center', opacity: 0.8 } }, text || 'No data');

/** As public/app/plugins/panel/stat/StatPanel.tsx. */
function stat({ panel, series, fieldConfig }, width, height, theme) {
  const { options } = panel;
  const values = () =>
    data.getFieldDisplayValues({
      fieldConfig: { ...fieldConfig, overrides: [] },
      reduceOptions: options.reduceOptions,
      replaceVariables: (text) => text,
      theme,
      data: series,
      sparkline: false,
      timeZone: 'utc',
    });
  return h(ui.VizRepeater, {
    getValues: values,
    getAlignmentFactors: data.getDisplayValueAlignmentFactors,
    renderValue: ({ value, width, height, alignmentFactors, count }) =>
      h(ui.BigValue, {
        value: value.display,
        count,
        colorMode: options.colorMode,
        graphMode: options.graphMode,
        justifyMode: options.justifyMode ?? 'auto',
        textMode: options.textMode,
        alignmentFactors,
        text: options.text,
        theme,
        width,
        height,
      }),
    width,
    height,
    source: series,
    itemSpacing: 3,
    renderCounter: 1,
    autoGrid: true,
    orientation: options.orientation ?? 'auto',
  });
}

/** As public/app/plugins/panel/table/TablePanel.tsx. */
function table({ panel, series, fieldConfig }, width, height) {
  const [frame] = series;
  if (!frame || frame.fields.length === 0) return empty(fieldConfig.defaults.noValue, width, height);
  const { options } = panel;
  return h(ui.Table, {
    data: frame,
    width,
    height,
    noHeader: !options.showHeader,
    resizable: true,
    initialSortBy: options.sortBy,
    footerOptions: options.footer,
    enablePagination: options.footer?.enablePagination,
    cellHeight: options.cellHeight,
    fieldConfig,
    replaceVariables: (text) => text,
  });
}

function timeseries({ panel, series, fieldConfig }, width, height, theme, timeRange) {
  if (series.length === 0) return empty(fieldConfig.defaults.noValue, width, height);
  return h(ui.TimeSeries, {
    frames: series,
    structureRev: 1,
    timeRange,
    timeZone: 'utc',
    width,
    height,
    legend: panel.options.legend,
    options: panel.options,
  });
}

/** Not Grafana's: a bar for each series, values that follow each other merged, in the colours and words that Grafana's display processor gives. */
function stateTimeline({ panel, series, fieldConfig }, width, height, theme, timeRange) {
  if (series.length === 0) return empty(fieldConfig.defaults.noValue, width, height);
  const { options } = panel;
  const perPage = options.perPage ?? series.length;
  const shown = series.slice(0, perPage);
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const names = shown.map((frame) => data.getFieldDisplayName(frame.fields[1], frame, series));
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.font = `12px ${theme.typography.fontFamily}`;
  const left = Math.min(width * 0.5, 16 + Math.max(...names.map((name) => canvas.measureText(name).width)));
  const pages = Math.ceil(series.length / perPage);
  const below = 22 + 26 + (pages > 1 ? 30 : 0);
  const each = (height - below) / shown.length;
  const x = (ms) => left + ((Math.max(from, Math.min(to, ms)) - from) / (to - from)) * (width - left - 4);
  const seen = new Map();
  const bars = shown.flatMap((frame, row) => {
    const [time, field] = frame.fields;
    const made = [];
    for (let i = 0; i < time.values.length; i += 1) {
      const value = field.values[i];
      if (value === null) continue;
      const start = i;
      if (options.mergeValues) while (i + 1 < time.values.length && field.values[i + 1] === value) i += 1;
      const shown = field.display(value);
      const text = data.formattedValueToString(shown);
      seen.set(text, shown.color);
      const step = time.config.interval;
      const [a, b] = [x(time.values[start]), x(time.values[i] + step)];
      const fits =
        options.showValue === 'always' || (options.showValue === 'auto' && canvas.measureText(text).width + 6 < b - a);
      const bar = each * options.rowHeight;
      made.push(
        h('rect', {
          key: `${row}/${i}`,
          x: a,
          y: row * each + (each - bar) / 2,
          width: Math.max(1, b - a),
          height: bar,
          fill: shown.color,
        }),
        fits && bar > 11
          ? h(
              'text',
              {
                key: `${row}/${i}/text`,
                x: a + 4,
                y: row * each + each / 2 + 4,
                fontSize: 12,
                fill: theme.colors.getContrastText(shown.color, 3),
              },
              text,
            )
          : null,
      );
    }
    return made;
  });
  const between = Math.max(1, Math.min(6, Math.floor((width - left) / 80)));
  const ticks = Array.from({ length: between + 1 }, (_, i) => from + ((to - from) * i) / between);
  const format = to - from > 2 * 86_400_000 ? 'MM/DD' : 'HH:mm';
  return h(
    'svg',
    { width, height, style: { fontFamily: theme.typography.fontFamily } },
    names.map((name, row) =>
      h(
        'text',
        {
          key: name + row,
          x: left - 8,
          y: row * each + each / 2 + 4,
          fontSize: 12,
          textAnchor: 'end',
          fill: theme.colors.text.primary,
        },
        name,
      ),
    ),
    bars,
    ticks.map((at) =>
      h(
        'text',
        {
          key: at,
          x: x(at),
          y: height - below + 16,
          fontSize: 12,
          textAnchor: at === to ? 'end' : 'middle',
          fill: theme.colors.text.secondary,
        },
        data.dateTimeFormat(at, { format, timeZone: 'utc' }),
      ),
    ),
    [...seen].map(([text, color], i) =>
      h(
        'g',
        { key: text, transform: `translate(${left + i * 120}, ${height - below + 26})` },
        h('rect', { width: 14, height: 4, y: 6, fill: color }),
        h('text', { x: 20, y: 12, fontSize: 12, fill: theme.colors.text.primary }, text),
      ),
    ),
    pages > 1 &&
      h(
        'text',
        { x: width, y: height - 8, fontSize: 12, textAnchor: 'end', fill: theme.colors.text.secondary },
        `page 1 of ${pages}: ${perPage} of ${series.length} bars`,
      ),
  );
}

const DRAWN = { stat, table, timeseries, 'state-timeline': stateTimeline };

/** Draws a dashboard whose queries have been answered. Returns when all is there. */
globalThis.draw = async ({ title, variables, panels, mode, fromMs, toMs, note, width }) => {
  const theme = data.createTheme({ colors: { mode } });
  const timeRange = { from: data.dateTime(fromMs), to: data.dateTime(toMs), raw: { from: 'now', to: 'now' } };
  const registry = registryOf(panels.map(({ panel }) => panel));
  const column = (width - 2 * MARGIN + GAP) / 24;
  let bottom = 0;
  const drawn = [];
  for (const one of panels) {
    const { x, y, w, h: high } = one.panel.gridPos;
    const box = {
      position: 'absolute',
      left: MARGIN + x * column,
      top: TOP + y * (ROW + GAP),
      width: w * column - GAP,
      height: high * (ROW + GAP) - GAP,
    };
    bottom = Math.max(bottom, box.top + box.height);
    if (one.panel.type === 'row') {
      drawn.push(
        h(
          'div',
          { key: one.panel.id, style: { ...box, fontSize: 16, fontWeight: 500, paddingTop: 4 } },
          `⌄ ${one.panel.title}`,
        ),
      );
      continue;
    }
    const { series, fieldConfig } = await prepared(one, registry, theme);
    drawn.push(
      h(
        'div',
        { key: one.panel.id, style: box, 'data-panel': one.panel.title },
        h(
          ui.PanelChrome,
          {
            title: one.panel.title,
            description: one.panel.description,
            width: box.width,
            height: box.height,
            padding: one.panel.type === 'table' ? 'md' : 'md',
          },
          (inner, innerHeight) =>
            DRAWN[one.panel.type]?.({ panel: one.panel, series, fieldConfig }, inner, innerHeight, theme, timeRange) ??
            empty(`no drawing for ${one.panel.type}`, inner, innerHeight),
        ),
      ),
    );
  }
  document.body.style.cssText = `margin:0;background:${theme.colors.background.canvas};color:${theme.colors.text.primary};font-family:${theme.typography.fontFamily};font-size:14px`;
  const root = document.querySelector('#root');
  root.style.cssText = `position:relative;width:${width}px;height:${bottom + 32}px`;
  createRoot(root).render(
    h(
      ui.ThemeContext?.Provider ?? data.ThemeContext.Provider,
      { value: theme },
      h(ui.GlobalStyles),
      h('div', { style: { position: 'absolute', left: MARGIN, top: 12, fontSize: 18, fontWeight: 500 } }, title),
      h(
        'div',
        {
          style: {
            position: 'absolute',
            right: MARGIN,
            top: 14,
            fontSize: 13,
            fontStyle: 'italic',
            color: theme.colors.text.secondary,
          },
        },
        note,
      ),
      h(
        'div',
        { style: { position: 'absolute', left: MARGIN, top: 48, display: 'flex', gap: 8 } },
        variables.map(([label, value]) =>
          h(
            'span',
            {
              key: label,
              style: { border: `1px solid ${theme.colors.border.medium}`, padding: '4px 8px', fontSize: 12 },
            },
            `${label}: ${value}`,
          ),
        ),
      ),
      drawn,
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
};
