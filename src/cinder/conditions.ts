/** In the order in which they are decided: the first that holds is the one. */
export const CONDITIONS = [
  'frozen',
  'disabled',
  'service_down',
  'unknown',
  'down',
  'stale',
  'unresponsive',
  'failing',
  'degraded',
  'up_assumed',
  'up',
] as const;

export type Condition = (typeof CONDITIONS)[number];

/** How grave a condition is. `wanted` is what an administrator asked for. */
export type Severity = 'critical' | 'warning' | 'unknown' | 'wanted' | 'ok';

/** Words on their wash: text and background. */
type Colours = readonly [text: string, wash: string];

/** All that is known of a condition by its name alone. */
interface ConditionRow {
  readonly severity: Severity;
  readonly words: string;
  /** A symbol goes with every colour, for those who cannot tell the colours apart. */
  readonly symbol: string;
  /** For a sentence that counts backends: `2 of 14 backends are down`. */
  readonly one: string;
  readonly many: string;
  /** The alert whose runbook fits, and the setting of the rules that says how long it waits; undefined when nothing has to be done. */
  readonly alert: { readonly name: string; readonly waits: string } | undefined;
  /**
   * On the page in the light and in the dark theme, and as an area: in timelines and dashboards, in both themes. Words on an area are legible by the
   * colour that Grafana takes for them; areas are told apart by colour-blind eyes.
   */
  readonly light: Colours;
  readonly dark: Colours;
  readonly area: string;
  /** When it holds, as docs/metrics.md has it, and what `cinder_backend_state` is then. */
  readonly when: string;
  readonly state: string;
}

/** Worst first: the order of the page and of the dashboards. */
export const CONDITION_TABLE = {
  down: {
    severity: 'critical',
    words: 'down',
    symbol: '✕',
    one: 'is down',
    many: 'are down',
    alert: { name: 'CinderBackendDown', waits: 'backend_down_for' },
    light: ['#FFFFFF', '#8B0A1A'],
    dark: ['#FFFFFF', '#A3182A'],
    area: '#93042C',
    when: 'every pool says `down`, or there are no driver stats and the list says `down`',
    state: '0',
  },
  service_down: {
    severity: 'critical',
    words: 'service down',
    symbol: '⊘',
    one: 'has lost its service',
    many: 'have lost their service',
    alert: { name: 'CinderVolumeServiceDown', waits: 'volume_service_down_for' },
    light: ['#A31616', '#FBDCDA'],
    dark: ['#FFB0AB', '#531A1A'],
    area: '#C63326',
    when: 'no enabled row has `state: up`',
    state: 'no series',
  },
  stale: {
    severity: 'critical',
    words: 'stale',
    symbol: '◷',
    one: 'has stale stats',
    many: 'have stale stats',
    alert: { name: 'CinderBackendStatsStale', waits: 'backend_stats_stale_for' },
    light: ['#8F351D', '#FFE3DA'],
    dark: ['#FFB7A6', '#472519'],
    area: '#FFB9B7',
    when: "the newest driver stats are older than `stale_after`, by Cinder's clock",
    state: 'no series',
  },
  unresponsive: {
    severity: 'critical',
    words: 'unresponsive',
    symbol: '⋯',
    one: 'is unresponsive',
    many: 'are unresponsive',
    alert: { name: 'CinderBackendUnresponsive', waits: 'backend_unresponsive_for' },
    light: ['#7A1F6B', '#FBE0F5'],
    dark: ['#FFB3EC', '#471A3E'],
    area: '#FFA449',
    when: 'its cinder-volume left two questions in a row unanswered for 60 s each, while the scheduler answered and nothing that was under way on it ended',
    state: "the driver's word: 1, no series when none is up",
  },
  failing: {
    severity: 'critical',
    words: 'failing',
    symbol: '∅',
    one: 'is failing',
    many: 'are failing',
    alert: { name: 'CinderBackendCapacityVanished', waits: 'backend_capacity_vanished_for' },
    light: ['#8A1C4A', '#FBDDEA'],
    dark: ['#FFB0D0', '#4D1A30'],
    area: '#71204E',
    when: 'two fresh reports in a row have no capacity, although volumes are allocated; or the last two rounds of the canary failed by the storage; or creations of users fail ([evidence](evidence.md))',
    state: "the driver's word: 1, no series when none is up",
  },
  degraded: {
    severity: 'warning',
    words: 'degraded',
    symbol: '◐',
    one: 'is degraded',
    many: 'are degraded',
    alert: { name: 'CinderBackendDegraded', waits: 'backend_degraded_for' },
    light: ['#715300', '#F9ECC0'],
    dark: ['#F0CE6A', '#3D3210'],
    area: '#E8E129',
    when: 'some pools are not up, or have lost all their capacity',
    state: '1; no series when none is up',
  },
  unknown: {
    severity: 'unknown',
    words: 'unknown',
    symbol: '?',
    one: 'is unknown',
    many: 'are unknown',
    alert: { name: 'CinderBackendStateUnknown', waits: 'backend_state_unknown_for' },
    light: ['#5B3A93', '#ECE4F8'],
    dark: ['#CDB5F5', '#33264A'],
    area: '#2D3297',
    when: 'no pool is known for it, and the service list says `null` or could not be read at 3.49',
    state: 'no series',
  },
  frozen: {
    severity: 'wanted',
    words: 'frozen',
    symbol: '❄\ufe0e',
    one: 'is frozen',
    many: 'are frozen',
    alert: { name: 'CinderServiceFrozenTooLong', waits: 'service_frozen_for' },
    light: ['#1D5586', '#DFECF8'],
    dark: ['#A3CDF2', '#1B3045'],
    area: '#71D1FD',
    when: 'every service row of the backend is frozen',
    state: 'no series',
  },
  disabled: {
    severity: 'wanted',
    words: 'disabled',
    symbol: '–',
    one: 'is disabled',
    many: 'are disabled',
    alert: { name: 'CinderServiceDisabledTooLong', waits: 'service_disabled_for' },
    light: ['#4A525B', '#E8EAEC'],
    dark: ['#BCC4CC', '#2B3036'],
    area: '#646187',
    when: 'every row is disabled or frozen (a failed-over backend is among these)',
    state: 'no series',
  },
  up_assumed: {
    severity: 'ok',
    words: 'up, assumed',
    symbol: '≈',
    one: 'is assumed up',
    many: 'are assumed up',
    alert: { name: 'CinderBackendStateAssumed', waits: 'backend_state_assumed_for' },
    light: ['#2C6455', '#E2F0EA'],
    dark: ['#A5D3C3', '#1D322B'],
    area: '#B0CD7F',
    when: "no pool carries `backend_state` (Cinder's default), or there are no driver stats and the list says `up`",
    state: '1',
  },
  up: {
    severity: 'ok',
    words: 'up',
    symbol: '✓',
    one: 'is up',
    many: 'are up',
    alert: undefined,
    light: ['#1F6338', '#DFF2E4'],
    dark: ['#92D7AA', '#18341F'],
    area: '#127958',
    when: 'a driver said so',
    state: '1',
  },
} as const satisfies Readonly<Record<Condition, ConditionRow>>;

/** The conditions, worst first. */
export const WORST_FIRST = Object.keys(CONDITION_TABLE) as readonly Condition[];

/** The condition as a number, for what can only show numbers: the worse, the higher; `up` is 0. */
export function conditionCode(condition: Condition): number {
  return WORST_FIRST.length - 1 - WORST_FIRST.indexOf(condition);
}

/** Somebody should look: neither up nor as an administrator wanted it. */
export function needsLook(condition: Condition): boolean {
  const severity: Severity = CONDITION_TABLE[condition].severity;
  return severity !== 'ok' && severity !== 'wanted';
}

/** What shows that a backend is failing, each with its own alert of the rules. */
export const FAILING_BY = ['capacity', 'canary', 'creations'] as const;

export type FailingBy = (typeof FAILING_BY)[number];

const FAILING_ALERTS: Readonly<Record<FailingBy, string>> = {
  capacity: CONDITION_TABLE.failing.alert.name,
  canary: 'CinderCanaryFailing',
  creations: 'CinderBackendCreationsFailing',
};

/** The alert whose runbook fits; undefined when nothing has to be done. */
export function alertOf({ condition, failingBy }: Judged): string | undefined {
  return failingBy === undefined ? CONDITION_TABLE[condition].alert?.name : FAILING_ALERTS[failingBy];
}

interface Judged {
  readonly condition: Condition;
  readonly failingBy?: FailingBy | undefined;
}

/** Where the runbooks of the alerts are; `/ALERT.md` is appended. */
export const RUNBOOKS_URL = 'https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks';

/** The runbook for the condition of a backend. */
export function runbookUrl(backend: Judged): string | undefined {
  const alert = alertOf(backend);
  return alert && `${RUNBOOKS_URL}/${alert}.md`;
}
