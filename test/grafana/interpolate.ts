import type { Shipped, Variable } from './shipped.ts';

/** The chosen value of each variable; a variable that is not named is at "All". */
export type Choice = Readonly<Record<string, string | readonly string[]>>;

/**
 * What Grafana makes of an expression before it goes to Prometheus. Source: grafana/grafana, packages/grafana-prometheus/src/escaping.ts,
 * `interpolateQueryExpr` with `prometheusSpecialCharsInLabelValues`; an "All" with an `allValue` is put in as it is.
 */
export function interpolate(expr: string, dashboard: Shipped, choice: Choice): string {
  return expr
    .replaceAll('$__rate_interval', '120s')
    .replaceAll('$__range', '3600s')
    .replaceAll(/\$([a-z_]+)/g, (written, name: string) => {
      const variable = dashboard.templating.list.find((one) => one.name === name);
      if (!variable) throw new Error(`no variable ${written}`);
      return textOf(variable, choice[name]);
    });
}

function textOf(variable: Variable, chosen: string | readonly string[] | undefined): string {
  // One of a list of texts, put in as it is.
  if (variable.type === 'custom') return String(chosen ?? variable.current?.value);
  if (chosen === undefined) {
    if (variable.current?.value === '') return '';
    if (variable.allValue === undefined) throw new Error(`$${variable.name} has no "All"`);
    return variable.allValue;
  }
  if (!variable.multi && !variable.includeAll) return escapeExact(String(chosen));
  const values = typeof chosen === 'string' ? [chosen] : chosen;
  return values.length === 1 ? escapeRegex(values[0] ?? '') : `(${values.map(escapeRegex).join('|')})`;
}

function escapeExact(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function escapeRegex(value: string): string {
  return value
    .replaceAll('\\', '\\\\\\\\')
    .replaceAll('"', '\\\\\\"')
    .replaceAll(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
}
