import { TableCellDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import type {
  DataTransformerConfig,
  DynamicConfigValue,
  Threshold,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';

/** The least width of a column without one of its own, in pixels; Grafana takes 150. */
const LEAST_WIDTH = 120;

/** A column of a table: the field it comes from (a label, or `Value #A`), its header, and how its cells look. */
export interface Column {
  readonly from: string;
  readonly header: string;
  /** In pixels; columns without it share what is left. */
  readonly width?: number;
  readonly look?: readonly DynamicConfigValue[];
}

/** Joins the tables of all queries on the labels that they share, and shows these columns in this order. Labels in `hide` are left out. */
export function showColumns(
  panel: TableBuilder,
  columns: readonly Column[],
  hide: readonly string[] = [],
): TableBuilder {
  panel
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation(arrange(columns, hide))
    .minWidth(LEAST_WIDTH);
  for (const { header, width, look = [] } of columns) {
    const properties = [...(width === undefined ? [] : [{ id: 'custom.width', value: width }]), ...look];
    if (properties.length > 0) panel.overrideByName(header, properties);
  }
  return panel;
}

function arrange(columns: readonly Column[], hide: readonly string[]): DataTransformerConfig {
  return {
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(['Time', 'job', ...hide].map((field) => [field, true])),
      indexByName: Object.fromEntries(columns.map(({ from }, i) => [from, i])),
      renameByName: Object.fromEntries(columns.map(({ from, header }) => [from, header])),
    },
  };
}

export function unit(name: string): DynamicConfigValue {
  return { id: 'unit', value: name };
}

export function decimals(number: number): DynamicConfigValue {
  return { id: 'decimals', value: number };
}

/** The cell is filled with the colour of its value. No text has such a colour: none is legible in both themes. */
export function filled(): DynamicConfigValue {
  return { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorBackground, mode: 'basic' } };
}

export function mapped(mappings: readonly ValueMapping[]): DynamicConfigValue {
  return { id: 'mappings', value: mappings };
}

/** A colour from a value on. */
export function limit(value: number, color: string): DynamicConfigValue {
  const all: Threshold[] = [
    { value: null, color: 'transparent' },
    { value, color },
  ];
  return { id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: all } };
}

export function link(title: string, url: string, targetBlank = false): DynamicConfigValue {
  return { id: 'links', value: [{ title, url, targetBlank }] };
}
