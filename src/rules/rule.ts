/** A rule file as data: what `render.ts` writes as YAML. Durations are texts as Prometheus reads them. */

export interface RuleGroup {
  readonly name: string;
  readonly comment: string;
  readonly interval: string;
  readonly rules: readonly (RecordingRule | AlertingRule)[];
}

export interface RecordingRule {
  readonly record: string;
  /** Why it earns its place. */
  readonly comment: string;
  readonly expr: string;
  /** Its labels beyond those of the scrape target, for checks. */
  readonly identity: readonly string[];
}

/** critical pages, warning is a ticket, info does nothing by itself. */
type Severity = 'critical' | 'warning' | 'info';

export interface AlertingRule {
  readonly alert: string;
  readonly comment?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keepFiringFor?: string;
  readonly severity: Severity;
  readonly component: 'backend' | 'service' | 'capacity' | 'api' | 'exporter';
  /** One static sentence. */
  readonly summary: string;
  /** What is wrong with this one, and what it means. */
  readonly description: string;
  /** Path and query of the dashboard that shows it. */
  readonly dashboard: string;
}

/** The dashboard of one backend; `host` goes through `urlquery`, because Cinder's hosts hold `@` and `#`. */
export const BACKEND_DASHBOARD = '/d/cinder-backend/cinder-backend?var-host={{ $labels.host | urlquery }}';
export const BACKENDS_DASHBOARD = '/d/cinder-backends/cinder-backends';
export const EXPORTER_DASHBOARD = '/d/cinder-exporter/cinder-exporter';
