import type { CloudConfig, Config, Schedule } from './config.ts';
import { periodMs } from './cron.ts';
import { formatDuration } from './duration.ts';
import type { CloudSettings, FileSettings, Settings } from './schema.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const MIB = 1024 * 1024;
/** However much memory there is. */
const MOST_BODY_BYTES = 256 * MIB;

/**
 * A whole configuration from what a file says, or from nothing: then the cloud is the one named by `OS_CLOUD`, or else `default` until it is found.
 * The longest answer goes by the memory that a control group gives this process.
 */
export function completeConfig(
  { grafana_url: grafanaUrl, clouds: named, defaults = {} }: FileSettings,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const bodyBytes = fittingBody(process.constrainedMemory());
  const clouds = named
    ? Object.entries(named).map(([name, own]) => completeCloud(name, own.os_cloud ?? name, own, defaults, bodyBytes))
    : [completeCloud(env['OS_CLOUD'] || 'default', undefined, {}, defaults, bodyBytes)];
  return {
    clouds,
    ...(grafanaUrl === undefined ? {} : { grafanaUrl: grafanaUrl.replace(/\/+$/, '') }),
  };
}

/** The settings of one cloud with what `defaults` says and our own defaults filled in. Its own `interval` replaces a default `schedule`, and the other way round. */
function completeCloud(
  name: string,
  osCloud: string | undefined,
  own: CloudSettings,
  defaults: Settings,
  bodyBytes: number,
): CloudConfig {
  const schedule: Schedule = scheduleOf(own) ?? scheduleOf(defaults) ?? { kind: 'interval', everyMs: 30 * SECOND };
  const staleAfterMs = own.stale_after ?? defaults.stale_after;
  const timeouts = { ...defaults.timeouts, ...own.timeouts };
  const collectors = { ...defaults.collectors, ...own.collectors };
  const limits = { ...defaults.limits, ...own.limits };
  return {
    name,
    ...(osCloud === undefined ? {} : { osCloud }),
    schedule,
    maxRandomDelayMs:
      own.max_random_delay ?? defaults.max_random_delay ?? Math.min(5 * SECOND, Math.floor(periodMs(schedule) / 10)),
    requestTimeoutMs: timeouts.request ?? 10 * SECOND,
    schedulerPatienceMs: timeouts.scheduler_patience ?? 10 * SECOND,
    schedulerTimeoutMs: timeouts.scheduler ?? 3 * MINUTE,
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    collectors: { pools: collectors.pools ?? true, volumeTypes: collectors.volume_types ?? true },
    volumeTypesEveryMs: own.volume_types_interval ?? defaults.volume_types_interval ?? 10 * MINUTE,
    limits: {
      maxBodyBytes: limits.max_body ?? bodyBytes,
      maxRows: limits.max_rows ?? 200_000,
      maxLabelLength: limits.max_label_length ?? 1024,
    },
  };
}

/** An eighth: a body, what is made of it, and what was made of the one before are held at the same time. 0 is no limit, a number beyond all memory as well. */
function fittingBody(memoryBytes = 0): number {
  return memoryBytes > 0 ? Math.min(MOST_BODY_BYTES, Math.max(MIB, Math.floor(memoryBytes / 8))) : MOST_BODY_BYTES;
}

function scheduleOf(settings: Settings): Schedule | undefined {
  if (settings.interval !== undefined) return { kind: 'interval', everyMs: settings.interval };
  return settings.schedule === undefined ? undefined : { kind: 'cron', expression: settings.schedule };
}

/** Two settings of one cloud that do not go together; `keys` are where to look for the cause, the likeliest first. */
export interface Contradiction {
  readonly keys: readonly (readonly string[])[];
  readonly expected: string;
  readonly got: string;
}

export function contradictions(cloud: CloudConfig): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const period = periodMs(cloud.schedule);
  if (cloud.maxRandomDelayMs > period / 2) {
    found.push({
      keys: [['max_random_delay']],
      expected: `at most half the interval of cloud ${cloud.name} (${formatDuration(period)})`,
      got: formatDuration(cloud.maxRandomDelayMs),
    });
  }
  if (cloud.staleAfterMs !== undefined && cloud.staleAfterMs < period) {
    found.push({
      keys: [['stale_after']],
      expected: `at least the interval of cloud ${cloud.name} (${formatDuration(period)})`,
      got: formatDuration(cloud.staleAfterMs),
    });
  }
  if (cloud.schedulerTimeoutMs < cloud.schedulerPatienceMs) {
    found.push({
      keys: [
        ['timeouts', 'scheduler'],
        ['timeouts', 'scheduler_patience'],
      ],
      expected: `scheduler at least as long as scheduler_patience (${formatDuration(cloud.schedulerPatienceMs)})`,
      got: formatDuration(cloud.schedulerTimeoutMs),
    });
  }
  return found;
}
