import { readFileSync } from 'node:fs';

/** As much of Grafana's dashboard JSON as the tests look at. */
export interface Shipped {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: { readonly uid?: string };
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
  /** 2: not shown. */
  readonly hide?: number;
  readonly current?: { readonly text?: string | readonly string[]; readonly value?: string | readonly string[] };
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly format?: string;
  readonly legendFormat?: string;
  readonly datasource?: { readonly uid?: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly options?: {
    readonly sortBy?: readonly { readonly displayName: string }[];
    readonly legend?: { readonly calcs?: readonly string[] };
    /** Bars on one page of a timeline. */
    readonly perPage?: number;
  };
  /** The least step of its range queries. */
  readonly interval?: string;
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: { readonly renameByName?: Readonly<Record<string, string>> };
  }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly mappings?: readonly unknown[];
      readonly custom?: { readonly minWidth?: number };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

export const UIDS = [
  'cinder-backends',
  'cinder-backend',
  'cinder-exporter',
  'cinder-availability',
  'cinder-canary',
] as const;

export const DIRECTORY = new URL('../../grafana/dashboards/', import.meta.url);

export const DASHBOARDS: readonly Shipped[] = UIDS.map(
  (uid) => JSON.parse(readFileSync(new URL(`${uid}.json`, DIRECTORY), 'utf8')) as Shipped,
);

/** The panels that show something: all but the rows. */
export function shownPanels(dashboard: Shipped): readonly Panel[] {
  return dashboard.panels.filter(({ type }) => type !== 'row');
}

/** Grafana's `label_values(selector, label)`, or undefined for a variable that asks nothing. */
export function labelValues({
  type,
  query,
}: Variable): { readonly selector: string; readonly label: string } | undefined {
  if (type !== 'query' || typeof query === 'string') return undefined;
  const match = /^label_values\((.*), (\w+)\)$/.exec(query.query);
  return match ? { selector: match[1] ?? '', label: match[2] ?? '' } : undefined;
}

/** Every PromQL expression with where it is. */
export function expressions(dashboard: Shipped): readonly { readonly where: string; readonly expr: string }[] {
  return [
    ...shownPanels(dashboard).flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ where: `${dashboard.uid}/${title}/${refId}`, expr })),
    ),
    ...dashboard.annotations.list.map(({ expr }) => ({ where: `${dashboard.uid}/annotation`, expr })),
    ...dashboard.templating.list.flatMap((variable) => {
      const asked = labelValues(variable);
      return asked ? [{ where: `${dashboard.uid}/$${variable.name}`, expr: asked.selector }] : [];
    }),
  ];
}
