import type { Facts, Judgement } from './assess.ts';
import type { Condition, Pool } from './model.ts';

/** Why a backend is in its condition: one plain sentence, without a full stop. */
export function explain(condition: Condition, facts: Facts, judgement: Judgement): string {
  const { pools, services } = facts;
  switch (condition) {
    case 'frozen':
      return 'frozen by an administrator: Cinder schedules nothing to it and forgets its driver stats';
    case 'disabled':
      return disabled(facts);
    case 'service_down':
      return `no heartbeat from cinder-volume ${since(facts.heartbeatAtMs, judgement.nowMs)}: the process, its host or its database connection is gone, or its driver failed to initialise`;
    case 'unknown':
      return facts.listed === null
        ? `heartbeats arrive, but the scheduler holds no driver stats for it${services.some((row) => row.cluster) ? ' (Cinder never lists a state for a clustered service)' : ''}`
        : 'heartbeats arrive, but neither driver stats nor the listed backend_state could be read';
    case 'down':
      if (pools.length === 0) return 'the service list says down; driver stats could not be read';
      return pools.length === 1 ? 'its driver reports down' : `its driver reports all ${pools.length} pools down`;
    case 'stale':
      return `heartbeats arrive, but its driver has published no stats ${since(facts.statsAtMs, judgement.poolsReadAtMs)}: the storage or the driver hangs or fails`;
    case 'degraded':
      return pools.length === 0 ? `the service list says ${quote(facts.listed ?? '')}` : degraded(pools);
    case 'up_assumed':
      return pools.length === 0
        ? 'the service list says up, which may be a default; driver stats could not be read'
        : 'its driver never says whether it is up: Cinder assumes so, and the stats are fresh';
    case 'up':
      return 'its driver reports up';
  }
}

function disabled({ services }: Facts): string {
  const failedOver = services.find((row) => row.replicationStatus === 'failed-over');
  if (failedOver) {
    const to = failedOver.activeBackendId;
    return `failed over${to ? ` to ${quote(to)}` : ''} and disabled since`;
  }
  const reason = services.find((row) => row.disabledReason)?.disabledReason;
  return reason ? `disabled by an administrator: ${quote(reason)}` : 'disabled by an administrator, who gave no reason';
}

function degraded(pools: readonly Pool[]): string {
  const bad = pools.filter((pool) => pool.backendState !== undefined && pool.backendState !== 'up');
  const list = bad
    .slice(0, 3)
    .map((pool) => `${quote(pool.pool)} ${pool.backendState === 'down' ? 'down' : quote(pool.backendState ?? '')}`);
  const more = bad.length > 3 ? ` and ${bad.length - 3} more` : '';
  return pools.length === 1
    ? `its driver reports ${quote(bad[0]?.backendState ?? '')}, which is neither up nor down`
    : `its driver reports ${bad.length} of ${pools.length} pools not up: ${list.join(', ')}${more}`;
}

/** Free text in quotes, on one line: control characters become spaces, and it is cut at 120 characters. */
function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return `"${line.length > 120 ? `${line.slice(0, 119).toWellFormed()}…` : line}"`;
}

function since(thenMs: number | undefined, nowMs: number): string {
  return thenMs === undefined ? 'so far' : `for ${duration(nowMs - thenMs)}`;
}

/** A length of time for people: `12 s`, `14 min`, `3 h`, `5 d`. Takes milliseconds; a negative one counts as 0. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
