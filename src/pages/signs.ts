import type { Condition } from '../cinder/model.ts';

/** How grave a condition is to the eye. `wish` is what an administrator wanted. */
export type Tone = 'bad' | 'warn' | 'unsure' | 'wish' | 'good';

/** How the page shows a condition: always a symbol and words, never colour alone. */
export interface Sign {
  readonly words: string;
  readonly symbol: string;
  readonly tone: Tone;
  /** For a sentence that counts backends: `2 of 14 backends are down`. */
  readonly one: string;
  readonly many: string;
  /** The alert whose runbook fits; undefined when nothing has to be done. */
  readonly alert: string | undefined;
}

/** Worst first: the order of the page. */
export const SIGNS: Readonly<Record<Condition, Sign>> = {
  down: { words: 'down', symbol: '✕', tone: 'bad', one: 'is down', many: 'are down', alert: 'CinderBackendDown' },
  service_down: {
    words: 'service down',
    symbol: '⊘',
    tone: 'bad',
    one: 'has lost its service',
    many: 'have lost their service',
    alert: 'CinderVolumeServiceDown',
  },
  stale: {
    words: 'stale',
    symbol: '◷',
    tone: 'bad',
    one: 'has stale stats',
    many: 'have stale stats',
    alert: 'CinderBackendStatsStale',
  },
  degraded: {
    words: 'degraded',
    symbol: '◐',
    tone: 'warn',
    one: 'is degraded',
    many: 'are degraded',
    alert: 'CinderBackendDegraded',
  },
  unknown: {
    words: 'unknown',
    symbol: '?',
    tone: 'unsure',
    one: 'is unknown',
    many: 'are unknown',
    alert: 'CinderBackendStateUnknown',
  },
  frozen: {
    words: 'frozen',
    symbol: '❄\ufe0e',
    tone: 'wish',
    one: 'is frozen',
    many: 'are frozen',
    alert: 'CinderServiceFrozenTooLong',
  },
  disabled: {
    words: 'disabled',
    symbol: '–',
    tone: 'wish',
    one: 'is disabled',
    many: 'are disabled',
    alert: 'CinderServiceDisabledTooLong',
  },
  up_assumed: {
    words: 'up, assumed',
    symbol: '≈',
    tone: 'good',
    one: 'is assumed up',
    many: 'are assumed up',
    alert: 'CinderBackendStateAssumed',
  },
  up: { words: 'up', symbol: '✓', tone: 'good', one: 'is up', many: 'are up', alert: undefined },
};

/** The conditions, worst first. */
export const WORST_FIRST = Object.keys(SIGNS) as readonly Condition[];

/** Somebody should look: neither up nor as an administrator wanted it. */
export function needsLook(condition: Condition): boolean {
  const { tone } = SIGNS[condition];
  return tone !== 'good' && tone !== 'wish';
}

/** The runbook for a condition. */
export function runbookUrl(condition: Condition): string | undefined {
  const { alert } = SIGNS[condition];
  return alert && `https://github.com/cinder-exporter/cinder-exporter/blob/main/docs/runbooks/${alert}.md`;
}
