import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type Dashboard,
  type Panel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { BAD } from './mapping.ts';
import { max, select } from './promql.ts';
import { DATASOURCE } from './targets.ts';
import { datasourceVariable } from './variables.ts';

/** Panels beside each other: how high, and each with its width; 24 is the whole. */
interface Line {
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: Builder<Panel>])[];
}

interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Description {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  /** Selects the alerts that are drawn into the panels. */
  readonly alerts: readonly string[];
  readonly sections: readonly Section[];
  /** Where its time begins; six hours ago without it. */
  readonly from?: string;
}

const TAG = 'cinder';

/** How many bars of a timeline are high enough for their names, 14 px. Its time, legend, pages and frame take 134 px of its rows of 38. */
function barsIn(height: number): number {
  return Math.min(25, Math.max(3, Math.floor((height * 38 - 134) / 14)));
}

/** A whole dashboard: every panel placed, with an id and a letter for each query. */
export function dashboard(of: Description): Dashboard {
  const builder = new DashboardBuilder(of.title)
    .uid(of.uid)
    .description(of.description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .time({ from: of.from ?? 'now-6h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([datasourceVariable(), ...of.variables])
    .annotation(firingAlerts(of.alerts))
    .link(
      new DashboardLinkBuilder('Cinder dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true),
    );
  let id = 0;
  let y = 0;
  for (const { title, lines } of of.sections) {
    builder.withRow(new RowBuilder(title).id((id += 1)).gridPos({ x: 0, y, w: 24, h: 1 }));
    y += 1;
    for (const { height, panels } of lines) {
      let x = 0;
      for (const [width, panel] of panels) {
        const built = panel.build();
        built.id = id += 1;
        built.gridPos = { x, y, w: width, h: height };
        if (built.type === 'state-timeline') Object.assign(built.options as object, { perPage: barsIn(height) });
        for (const [i, target] of (built.targets ?? []).entries())
          (target as Dataquery).refId = String.fromCodePoint(65 + i);
        builder.withPanel({ build: () => built });
        x += width;
      }
      y += height;
    }
  }
  return builder.build();
}

function firingAlerts(matchers: readonly string[]): AnnotationQueryBuilder {
  return (
    new AnnotationQueryBuilder()
      .name('Firing alerts')
      .datasource(DATASOURCE)
      .enable(true)
      .hide(false)
      .iconColor(BAD)
      // One for each kind: of hundreds of backends at once nobody reads hundreds of marks.
      .expr(
        max(
          'alertname',
          select('ALERTS', 'alertname=~"Cinder.*"', 'alertstate="firing"', 'severity="critical"', ...matchers),
        ),
      )
      .titleFormat('{{alertname}}')
      .step('60s')
      .useValueForTime(false)
  );
}

/** The dashboard as it is committed: the members of an object in alphabetical order, so that a difference is a change. */
export function dashboardJson(built: Dashboard): string {
  return `${JSON.stringify(ordered(JSON.parse(JSON.stringify(built))), undefined, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, ordered(member)]),
  );
}
