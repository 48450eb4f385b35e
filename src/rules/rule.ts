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
  /** Its labels beyond the scrape target's, for checks. */
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
  /** Path and query of the dashboard that shows it, below `dashboard_url`. */
  readonly dashboard: string;
}

/** The dashboard of one backend; `host` goes through `urlquery`, because Cinder's hosts hold `@` and `#`. */
export const BACKEND_DASHBOARD = '/d/cinder-backend/cinder-backend?var-host={{ $labels.host | urlquery }}';

/**
 * Sentences at the end of a description, for whoever is woken: what hangs on this backend, as far as the exporter has counted it. Clouds may be told
 * apart by any label of their targets, which a template cannot name: where more than one answer is found, nothing is said.
 */
export function hitSentences(replicaLabels: string): string {
  const types = `max without (${replicaLabels}) (cinder_volume_type_backend_info{job=%[1]q,cloud=%[2]q`;
  return (
    hit(
      'Volumes in use on it',
      `max without (${replicaLabels}) (cinder_backend_volumes{job=%[1]q,cloud=%[2]q,host=%[3]q,status=\\"in-use\\"})`,
    ) +
    hit(
      'Volume types that only it serves',
      `count without (volume_type) (count without (host) (${types}})) == 1 and ignoring (host) ${types},host=%[3]q}))`,
    )
  );
}

/** ` WORDS: NUMBER.`, or nothing when the expression gives no answer, or several. */
function hit(words: string, expr: string): string {
  return (
    `{{ with printf "${expr}" $labels.job $labels.cloud $labels.host | query }}` +
    `{{ if eq (len .) 1 }} ${words}: {{ . | first | value }}.{{ end }}{{ end }}`
  );
}

/**
 * ` It failed in create (driver): WORDS.` of a volume type of the canary: by the fault of the storage, or of something else. Nothing when no round failed so
 * since one went well, or replicas differ.
 */
export function howItFailed(replicaLabels: string, storage: boolean): string {
  const which = `{job=%[1]q,cloud=%[2]q,volume_type=%[3]q,storage=\\"${storage}\\"}`;
  const failure = `max without (${replicaLabels}) (cinder_canary_failure_info${which})`;
  return (
    `{{ with printf "${failure}" $labels.job $labels.cloud $labels.volume_type | query }}` +
    `{{ if eq (len .) 1 }}{{ with first . }} It failed in {{ .Labels.phase }} ({{ .Labels.reason }}): {{ .Labels.message }}{{ end }}{{ end }}{{ end }}`
  );
}

/** One more sentence about a collector that Cinder has refused: whoever gets the ticket decides whether it may read, or is switched off. */
export function refusedSentence(replicaLabels: string): string {
  const errors = `max without (${replicaLabels}) (cinder_exporter_errors_total{job=%[1]q,cloud=%[2]q,collector=%[3]q,reason=\\"forbidden\\"}) > 0`;
  return (
    `{{ with printf "${errors}" $labels.job $labels.cloud $labels.collector | query }}` +
    ' Cinder refuses it (403): allow it to the user of the exporter, or switch the collector off.{{ end }}'
  );
}

export const BACKENDS_DASHBOARD = '/d/cinder-backends/cinder-backends';
export const EXPORTER_DASHBOARD = '/d/cinder-exporter/cinder-exporter';
