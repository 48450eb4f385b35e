import { CONDITION_TABLE, RUNBOOKS_URL } from '../cinder/conditions.ts';
import { visibleJson } from '../text.ts';
import { UserError } from '../user-error.ts';
import { parseDuration, scaled } from '../duration.ts';

/** What a setting's text must be. */
type SettingKind = 'duration' | 'ratio' | 'count' | 'switch' | 'matchers' | 'labels' | 'url';

export interface Setting {
  readonly kind: SettingKind;
  readonly byDefault: string;
  readonly help: string;
}

function setting(kind: SettingKind): (byDefault: string, help: string) => Setting {
  return (byDefault, help) => ({ kind, byDefault, help });
}

const duration = setting('duration');
const ratio = setting('ratio');
const count = setting('count');

/** Everything about the rules that an operator may want otherwise. */
export const SETTINGS = {
  selector: setting('matchers')(
    'job="cinder-exporter"',
    'label matchers that pick the exporter; the only place where they are written',
  ),
  replica_labels: setting('labels')(
    'instance, pod',
    'target labels that tell replicas of the exporter apart; folded in every rule',
  ),
  runbook_url: setting('url')(RUNBOOKS_URL, 'where the runbooks are; `/ALERT.md` is appended'),
  dashboard_url: setting('url')(
    '',
    'where Grafana is, such as `https://grafana.example.org`: each alert then links to its dashboard; not set, it has no such link',
  ),
  interval: duration('15s', 'how often the rules are evaluated'),
  capacity_interval: duration('1m', 'how often the capacity rules are evaluated'),
  hold_for: duration('24h', 'how long the last known state stays while the exporter cannot read Cinder'),
  page_keep_firing_for: duration('5m', 'critical alerts outlive a gap of this length in their cause'),
  ticket_keep_firing_for: duration(
    '3m',
    'the same for warnings and CinderVolumeTypeDown; shorter, so that they do not outlive the page that mutes them',
  ),

  backend_down_for: duration('2m', 'CinderBackendDown'),
  backend_stats_stale_for: duration(
    '3m',
    'CinderBackendStatsStale, beyond the `stale_after` of the exporter (5 minutes)',
  ),
  backend_capacity_vanished_for: duration('2m', 'CinderBackendCapacityVanished'),
  backend_unresponsive_for: duration(
    '3m',
    'CinderBackendUnresponsive, beyond the two questions of the exporter (2 to 3 minutes); longer than it takes to ask a second backend twice',
  ),
  volume_service_busy_for: duration('10m', 'CinderVolumeServiceBusy'),
  volume_services_unresponsive_for: duration(
    '30s',
    'CinderVolumeServicesUnresponsive; shorter than the alerts that it mutes',
  ),
  volume_services_unresponsive_keep_firing_for: duration(
    '10m',
    'CinderVolumeServicesUnresponsive; longer than a restarted exporter needs to find out again',
  ),
  backend_state_unknown_for: duration('5m', 'CinderBackendStateUnknown'),
  pools_read_within: duration('2m', 'CinderBackendStateUnknown begins only when the pools were read within this time'),
  backend_degraded_for: duration('5m', 'CinderBackendDegraded'),
  pool_down_for: duration('5m', 'CinderPoolDown'),
  backend_flapping_window: duration('1h', 'CinderBackendFlapping counts changes in this window'),
  backend_flapping_changes: count('6', 'CinderBackendFlapping: changes into and out of trouble, two for each outage'),
  vanished_window: duration('24h', 'Cinder*Vanished remembers what was there for this long'),
  vanished_for: duration('15m', 'CinderBackendVanished, CinderPoolVanished'),
  all_backends_down_for: duration('1m', 'CinderAllBackendsDown; shorter than the alerts that it mutes'),
  all_backends_down_keep_firing_for: duration(
    '10m',
    'CinderAllBackendsDown; longer than the alerts that it mutes, because backends recover up to a minute apart',
  ),
  stale_settle: duration(
    '1m',
    'stale driver stats count for CinderAllBackendsDown and CinderVolumeTypeDown after this long',
  ),
  volume_type_down_for: duration(
    '4m',
    'CinderVolumeTypeDown; longer than the alerts of its single backends, with which it grows when it is not set',
  ),
  availability_day: duration('1d', 'the shorter window of the availability'),
  availability_month: duration('30d', 'the longer one; Prometheus must keep its data for as long'),
  availability_interval: duration('10m', 'how often the averages of the longer window are recorded'),
  volume_type_memory: duration('1h', 'how long a backend is remembered as serving a volume type'),
  backend_state_assumed_for: duration('1h', 'CinderBackendStateAssumed'),

  volume_service_down_for: duration(
    '3m',
    'CinderVolumeServiceDown, beyond the `service_down_time` of Cinder (60 seconds)',
  ),
  volume_host_down_for: duration('2m', 'CinderVolumeHostDown; shorter than CinderVolumeServiceDown, which it mutes'),
  service_down_for: duration('5m', 'CinderServiceDown'),
  scheduler_down_for: duration('2m', 'CinderSchedulerDown, beyond the `service_down_time` of Cinder'),
  scheduler_not_answering_for: duration('3m', 'CinderSchedulerNotAnswering'),
  scheduler_settle: duration(
    '10m',
    'CinderSchedulerNotAnswering wants a scheduler with heartbeats for this long; more than the longest pause of the exporter',
  ),
  schedulers_disagree_window: duration('10m', 'CinderSchedulersDisagree: disagreements in this window'),
  schedulers_disagree_for: duration('30m', 'CinderSchedulersDisagree'),
  service_disabled_for: duration('24h', 'CinderServiceDisabledTooLong'),
  service_frozen_for: duration('24h', 'CinderServiceFrozenTooLong'),
  backend_failed_over_for: duration('5m', 'CinderBackendFailedOver'),
  service_record_stale_after: duration(
    '7d',
    'CinderServiceRecordStale: a row that has not changed for this long, by a heartbeat or an operator; it raises no other alert',
  ),
  service_record_stale_for: duration('1h', 'CinderServiceRecordStale'),
  clock_skew: duration(
    '30s',
    'CinderServiceClockSkew: a heartbeat this far in the future; CinderExporterClockSkew: the clock of the exporter this far behind',
  ),
  exporter_clock_ahead: duration(
    '5m',
    'CinderExporterClockSkew: the clock of the exporter this far ahead; more than heartbeats are old',
  ),
  rows_rejected_window: duration('10m', 'CinderExporterRowsRejected: rows that could not be used, in this window'),
  rows_rejected_for: duration('15m', 'CinderExporterRowsRejected'),
  clock_skew_for: duration('10m', 'CinderServiceClockSkew, CinderExporterClockSkew'),

  pool_space_low_ratio: ratio('0.10', 'CinderPoolSpaceLow: share of the schedulable capacity that is left'),
  pool_space_low_for: duration('15m', 'CinderPoolSpaceLow'),
  pool_physical_space_critical_ratio: ratio(
    '0.03',
    'CinderPoolPhysicalSpaceCritical: share of the physical space that is left',
  ),
  pool_physical_space_critical_for: duration('10m', 'CinderPoolPhysicalSpaceCritical'),
  pool_filling_up_ratio: ratio(
    '0.40',
    'CinderPoolFillingUp looks only at pools with less physical space left than this',
  ),
  pool_filling_up_window: duration('6h', 'CinderPoolFillingUp extrapolates from this window'),
  pool_filling_up_horizon: duration('4d', 'CinderPoolFillingUp: full within this time'),
  pool_filling_up_for: duration('1h', 'CinderPoolFillingUp'),
  pool_over_provisioned_for: duration('15m', 'CinderPoolOverProvisioned'),

  error_volumes_window: duration('1h', 'CinderErrorVolumesGrowing compares with so long ago'),
  error_volumes_growth: count('5', 'CinderErrorVolumesGrowing: so many more volumes in error'),
  error_volumes_for: duration('5m', 'CinderErrorVolumesGrowing'),
  backups_failing_window: duration('6h', 'CinderBackupsFailing compares with so long ago'),
  backups_failing_growth: count('3', 'CinderBackupsFailing: so many more backups in error'),
  backups_failing_for: duration('5m', 'CinderBackupsFailing'),

  evidence_pages: setting('switch')(
    'yes',
    'whether CinderBackendCreationsFailing and CinderVolumeCreationsFailing, which rest on weighed evidence, page: `yes`, or `no` for tickets that no other page counts',
  ),
  creations_failing_for: duration(
    '2m',
    'CinderBackendCreationsFailing, CinderVolumeCreationsFailing, CinderVolumeTypeFailing, CinderVolumeTypeUnschedulable',
  ),
  operations_stuck_for: duration('10m', 'CinderVolumeOperationsStuck, beyond `operation_limits` of the exporter'),

  canary_failing_for: duration('2m', 'CinderCanaryFailing, beyond the two rounds in a row of the canary'),
  canary_failing_keep_firing_for: duration('5m', 'CinderCanaryFailing outlives a gap of this length in its cause'),
  canary_slow_factor: count('5', 'CinderCanarySlow: so many times the median of the window'),
  canary_slow_window: duration('7d', 'CinderCanarySlow: the window of the median'),
  canary_slow_least: duration('30s', 'CinderCanarySlow: a phase that takes less than this is never slow'),
  canary_slow_for: duration(
    '45m',
    'CinderCanarySlow; longer than the interval of the canary, so that it is two rounds',
  ),
  canary_leaking_for: duration('1h', 'CinderCanaryLeaking'),
  canary_not_running_intervals: count('3', 'CinderCanaryNotRunning: no round that tells within so many intervals'),
  canary_not_running_for: duration('1h', 'CinderCanaryNotRunning'),

  exporter_down_for: duration('5m', 'CinderExporterDown, CinderExporterNoData'),
  api_unreachable_for: duration('3m', 'CinderAPIUnreachable'),
  auth_failing_for: duration('3m', 'CinderExporterAuthFailing'),
  errors_window: duration('10m', 'the errors of this window tell a refused login from an unreachable API'),
  data_stale_after: duration(
    '5m',
    'CinderExporterDataStale: age of the last success; more than a few refresh intervals',
  ),
  volume_types_stale_after: duration(
    '1h',
    'CinderExporterDataStale for the slow collectors: volume types, volumes, and whether cinder-volume answers',
  ),
  data_stale_for: duration('5m', 'CinderExporterDataStale'),
  api_too_old_for: duration('1h', 'CinderAPITooOld'),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;

/** A text for every setting. */
export type RuleSettings = Readonly<Record<SettingName, string>>;

/** A setting that does not exist, or a value that it cannot have; the message is for people. */
export class SettingsError extends UserError {
  override readonly name = 'SettingsError';
}

/** A URL with a user, and mostly a password: it would be in every alert. */
const HAS_USER = /^https?:[/\\]*[^/?#]*@/i;

const EXPECTED: Readonly<Record<SettingKind, { readonly test: (text: string) => boolean; readonly words: string }>> = {
  duration: {
    // Prometheus knows weeks and years too; no alert waits for those.
    test: (text) => !/[wy]/.test(text) && (parseDuration(text) ?? 0) > 0,
    words: 'a duration such as 90s, 5m or 1h30m',
  },
  ratio: {
    test: (text) => /^0\.\d+$/.test(text) && Number(text) > 0,
    words: 'a ratio above 0 and below 1, such as 0.1 for 10 percent',
  },
  count: { test: (text) => /^\d{1,6}$/.test(text) && Number(text) >= 2, words: 'a whole number, 2 or more, such as 6' },
  switch: { test: (text) => text === 'yes' || text === 'no', words: 'yes or no' },
  matchers: { test: isMatchers, words: 'label matchers such as job="cinder-exporter",region="north", without braces' },
  labels: {
    test: (text) => /^[a-z_]\w*(, *[a-z_]\w*)*$/i.test(text),
    words: 'label names with commas, such as instance, pod',
  },
  url: {
    // Whoever is paged opens it from a telephone: a path alone leads nowhere.
    test: (text) => /^https?:\/\/[^\s"'{}]*[^\s"'{}/]$/.test(text) && !HAS_USER.test(text),
    words: 'a URL such as https://example.org/a, without a slash at the end',
  },
};

const YEAR_MS = 365 * 86_400_000;

/** What an alert that mutes others needs: `shorter` must be less than `longer`, or somebody is told twice, or never. */
interface Relation {
  readonly shorter: SettingName;
  readonly longer: SettingName;
  readonly why: string;
}

/** The pages about one backend that is out; unknown is out only when its page says so. */
const PAGES_OF_BACKEND = [
  ...Object.values(CONDITION_TABLE).flatMap(({ severity, alert }) => (severity === 'critical' ? alert.waits : [])),
  'canary_failing_for' as const,
  'creations_failing_for' as const,
] satisfies readonly SettingName[];

const RELATIONS: readonly Relation[] = [
  ...([...PAGES_OF_BACKEND, 'volume_host_down_for', 'volume_type_down_for'] as const).map((longer) => ({
    shorter: 'all_backends_down_for' as const,
    longer,
    why: 'CinderAllBackendsDown comes before the alerts that it mutes',
  })),
  ...(['backend_unresponsive_for', 'all_backends_down_for', 'volume_type_down_for'] as const).map((longer) => ({
    shorter: 'volume_services_unresponsive_for' as const,
    longer,
    why: 'CinderVolumeServicesUnresponsive comes before the alerts that it mutes',
  })),
  {
    shorter: 'volume_host_down_for',
    longer: 'volume_service_down_for',
    why: 'CinderVolumeHostDown comes before the alerts that it mutes',
  },
  ...PAGES_OF_BACKEND.map((shorter) => ({
    shorter,
    longer: 'volume_type_down_for' as const,
    why: 'the page of a backend comes before CinderVolumeTypeDown, which it mutes',
  })),
  {
    shorter: 'ticket_keep_firing_for',
    longer: 'page_keep_firing_for',
    why: 'an alert must not outlive the page that mutes it',
  },
  {
    shorter: 'ticket_keep_firing_for',
    longer: 'canary_failing_keep_firing_for',
    why: 'an alert must not outlive the page that mutes it',
  },
  {
    shorter: 'pool_physical_space_critical_ratio',
    longer: 'pool_filling_up_ratio',
    why: 'CinderPoolFillingUp comes before CinderPoolPhysicalSpaceCritical',
  },
  { shorter: 'availability_day', longer: 'availability_month', why: 'one is a part of the other' },
];

/** The longest intervals of the groups. Prometheus looks back 5 minutes: a rule that is evaluated less often than every two forgets what it recorded. */
const LONGEST_INTERVALS = {
  interval: { longest: '2m', why: 'the rules forget what they remember' },
  capacity_interval: { longest: '2m', why: 'the rules forget what they remember' },
  availability_interval: { longest: '15m', why: 'the dashboard, which looks back 30 minutes, has gaps' },
} as const;

/** The same settings. Throws a SettingsError when they contradict each other. */
function consistent(settings: RuleSettings): RuleSettings {
  const sizeOf = (name: SettingName): number => parseDuration(settings[name]) ?? Number(settings[name]);
  for (const name of ['interval', 'capacity_interval', 'availability_interval'] as const) {
    const { longest, why } = LONGEST_INTERVALS[name];
    if (sizeOf(name) > (parseDuration(longest) ?? 0))
      throw new SettingsError(`${name}=${settings[name]}: expected ${longest} or less, or ${why}`);
  }
  const tooLong = Object.keys(SETTINGS)
    .filter(isName)
    .find((name) => SETTINGS[name].kind === 'duration' && sizeOf(name) > YEAR_MS);
  if (tooLong !== undefined) throw new SettingsError(`${tooLong}=${settings[tooLong]}: expected a year or less`);
  for (const { shorter, longer, why } of RELATIONS) {
    if (sizeOf(shorter) < sizeOf(longer)) continue;
    throw new SettingsError(
      `${shorter}=${settings[shorter]}: expected less than ${longer}=${settings[longer]}, because ${why}; set both`,
    );
  }
  return settings;
}

/** `volume_type_down_for` when nobody sets it: a minute more than the alerts of the backends, where those are made longer. */
function volumeTypeDownFor(given: ReadonlyMap<SettingName, string>): string {
  const msOf = (name: SettingName): number => parseDuration(given.get(name) ?? SETTINGS[name].byDefault) ?? 0;
  const longest = Math.max(...PAGES_OF_BACKEND.map(msOf));
  const { byDefault } = SETTINGS.volume_type_down_for;
  return longest < (parseDuration(byDefault) ?? 0) ? byDefault : scaled(`${longest + 60_000}ms`, 1);
}

function isMatchers(text: string): boolean {
  return /^[a-z_]\w*(=~|!~|!=|=)"([^"\\\n]|\\.)*"(, *[a-z_]\w*(=~|!~|!=|=)"([^"\\\n]|\\.)*")*$/i.test(text);
}

function isName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function build(valueOf: (name: SettingName) => string): RuleSettings {
  const names = Object.keys(SETTINGS).filter(isName);
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as RuleSettings;
}

/** The settings as shipped. */
export function defaultSettings(): RuleSettings {
  return build((name) => SETTINGS[name].byDefault);
}

/** The defaults with assignments such as `backend_down_for=5m` applied. Throws a SettingsError that names what is wrong. */
export function parseSettings(assignments: readonly string[]): RuleSettings {
  const given = new Map<SettingName, string>();
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new SettingsError(`${quote(assignment)}: expected NAME=VALUE`);
    const name = assignment.slice(0, at);
    const value = assignment.slice(at + 1).trim();
    if (!isName(name))
      throw new SettingsError(`${quote(name)} is no setting of the rules; cinder-exporter rules --list has them all`);
    if (given.has(name)) throw new SettingsError(`${name} is set twice`);
    const expected = EXPECTED[SETTINGS[name].kind];
    if (value !== SETTINGS[name].byDefault && !expected.test(value))
      throw new SettingsError(
        `${name}: expected ${expected.words}, got ${HAS_USER.test(value) ? 'one with a user in it (not shown)' : quote(value)}`,
      );
    given.set(name, value);
  }
  return consistent(
    build(
      (name) =>
        given.get(name) ?? (name === 'volume_type_down_for' ? volumeTypeDownFor(given) : SETTINGS[name].byDefault),
    ),
  );
}

/** The same settings with every duration times `factor`, and nothing else changed: for tests that cannot wait. */
export function scaleDurations(settings: RuleSettings, factor: number): RuleSettings {
  if (!Number.isFinite(factor) || factor <= 0) throw new SettingsError(`expected a factor above 0, got ${factor}`);
  return consistent(
    build((name) => (SETTINGS[name].kind === 'duration' ? scaled(settings[name], factor) : settings[name])),
  );
}

function quote(text: string): string {
  return visibleJson(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
