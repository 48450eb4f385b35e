import {
  AxisPlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTextDisplayOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './targets.ts';

/** The text of a panel: its title, what a person should know to read it, and its unit by Grafana's name. */
export interface Words {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
}

/** A colour from each value on; the first step has none below it. */
export function steps(
  base: string,
  ...above: readonly (readonly [value: number, colour: string])[]
): ThresholdsConfigBuilder {
  const all: Threshold[] = [{ value: null, color: base }, ...above.map(([value, color]) => ({ value, color }))];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(all);
}

/** Single values, coloured by their mappings or thresholds. */
export function stat({ title, description, unit }: Words): StatBuilder {
  return (
    new StatBuilder()
      .datasource(DATASOURCE)
      .title(title)
      .description(description)
      .unit(unit)
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
      .thresholds(steps('transparent'))
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .colorMode(BigValueColorMode.BackgroundSolid)
      .graphMode(BigValueGraphMode.None)
      // Grafana's own size shrinks with the number of replicas.
      .text(new VizTextDisplayOptionsBuilder().titleSize(13))
      .textMode(BigValueTextMode.Auto)
  );
}

/** Lines over time, with a legend that can be sorted. */
export function timeseries({ title, description, unit }: Words): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .datasource(DATASOURCE)
    .title(title)
    .description(description)
    .unit(unit)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .axisPlacement(AxisPlacement.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
}

/** Draws the thresholds as dashed lines. */
export function thresholdLines(): GraphThresholdsStyleConfigBuilder {
  return new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
}

/** One bar for each series, coloured by its value mappings. `dashboard` makes pages of as many as fit. */
export function timeline({ title, description, unit }: Words): TimelineBuilder {
  return new TimelineBuilder()
    .datasource(DATASOURCE)
    .title(title)
    .description(description)
    .unit(unit)
    .interval('30s')
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(steps('text'))
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(100)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
}

/** A table with pages and a filter in each column. */
export function tablePanel({ title, description, unit }: Words): TableBuilder {
  return new TableBuilder()
    .datasource(DATASOURCE)
    .title(title)
    .description(description)
    .unit(unit)
    .filterable(true)
    .showHeader(true)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(steps('transparent'))
    .footer({ build: () => ({ show: false, reducer: [], countRows: false, enablePagination: true }) });
}
