import { CONDITION_TABLE, runbookUrl } from '../cinder/conditions.ts';
import { secondsAgo, countsOf, datum, plain, sayOf } from './check-plugin.ts';
import {
  type Asked,
  type Checked,
  codesOf,
  OK,
  type Seen,
  type SeenBackend,
  UNKNOWN,
  exitCodeOf,
  verdictOf,
  wanted,
} from './check-verdict.ts';

/** The service that says whether anything can be told. */
const WHOLE = 'Cinder';

/** No backend counts: what is left are a cloud that cannot be read, and a HOST that is not there. */
const NONE = { ...codesOf({ warning: 'none', critical: 'none' }), unknown: OK };

/**
 * For Checkmk's local checks: a line for each backend, `STATE "NAME" METRICS TEXT`, and before them one for all, which is UNKNOWN when the answer is not
 * whole. Source: docs.checkmk.com, "Local checks".
 */
export function renderCheckmk(checked: readonly Checked[], { hosts, codes }: Asked): string {
  const asked = { hosts, codes: NONE };
  const whole = lineOf(exitCodeOf(checked, asked), WHOLE, countsOf(checked, asked), [
    verdictOf(checked, asked).replace(/^\w+: /, ''),
  ]);
  const used = new Map<string, number>();
  const lines = checked.flatMap(({ name, snapshot, old }) =>
    (snapshot ? wanted(snapshot, hosts).map((backend) => ({ snapshot, backend })) : []).map(({ snapshot, backend }) => {
      const service = serviceOf([WHOLE, ...(checked.length > 1 ? [name] : []), backend.host].join(' '), used);
      const { url, text } = told(snapshot, backend, codes[backend.condition]);
      return old === undefined
        ? lineOf(codes[backend.condition], service, metricsOf(snapshot, backend), [text, ...url])
        : lineOf(UNKNOWN, service, [], [old, text, ...url]);
    }),
  );
  return `${[whole, ...lines].join('\n')}\n`;
}

/** What a local check prints that cannot tell anything. */
export function renderCheckmkUnknown(message: string): string {
  return `${lineOf(UNKNOWN, WHOLE, [], [message.replaceAll(/\s*\n\s*/g, '; ')])}\n`;
}

function told(snapshot: Seen, backend: SeenBackend, code: number): { readonly text: string; readonly url: string[] } {
  const { words } = CONDITION_TABLE[backend.condition];
  const url = code === OK ? undefined : runbookUrl(backend);
  return { text: `${words}${sayOf(snapshot, backend)}`, url: url === undefined ? [] : [url] };
}

function metricsOf(snapshot: Seen, backend: SeenBackend): string[] {
  return [
    datum('usable', backend.state, { min: 0, max: 1 }),
    datum('stats_age', secondsAgo(snapshot, backend.statsAtMs), { min: 0 }),
    datum('heartbeat_age', secondsAgo(snapshot, backend.heartbeatAtMs), { min: 0 }),
    datum('volumes_in_use', snapshot.volumes.get(backend.host)?.inUse, { min: 0 }),
  ].filter((one) => one !== '');
}

/** A name of a service has no quotes. Two backends whose names then are the same have a number behind. */
function serviceOf(words: string, used: Map<string, number>): string {
  const name = plain(words).replaceAll(/["']/g, '_').replaceAll(/\s+/g, ' ').trim();
  const count = (used.get(name) ?? 0) + 1;
  used.set(name, count);
  return count === 1 ? name : `${name} ${count}`;
}

/** Checkmk reads the two characters `\n` as the end of a line, whoever wrote them. */
function lineOf(state: number, service: string, metrics: readonly string[], text: readonly string[]): string {
  const lines = text.map((line) => plain(line).replaceAll(String.raw`\n`, '/n'));
  return `${state} "${service}" ${metrics.join('|') || '-'} ${lines.join(String.raw`\n`)}`;
}
