import assert from 'node:assert/strict';
import { waitFor } from '../openstack/wait-for.ts';
import type { Notification } from './alertmanager-process.ts';
import type { Site } from './e2e-site.ts';

/** An alert as one line: its name, and whatever of host, pool, volume type, service and collector it has. */
export type Line = string;

/** What fires. Everything that is not named here must be silent. */
export interface Expected {
  /** What wakes somebody. */
  readonly pages?: readonly Line[];
  readonly tickets?: readonly Line[];
  /** What fires in Prometheus and notifies nobody: muted by one of the others, or mere information. */
  readonly unheard?: readonly Line[];
  /** What is on its way. */
  readonly pending?: readonly Line[];
  /** Information that is on its way, or there already, as time goes by. */
  readonly may?: readonly Line[];
}

/** Nothing fires. */
export const NOTHING: Expected = {};

/** Follows what fires and who is told, from the moment it is made. Everything throws when something else happens. */
export interface Watch {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Waits until exactly this fires and the notifications that it makes, and those that end, have come. */
  readonly becomes: (expected: Expected) => Promise<void>;
  /** Watches for a while that it stays like that. */
  readonly stays: (ms?: number) => Promise<void>;
  /** Waits until nothing fires, and looks back at all of it. */
  readonly ends: () => Promise<void>;
}

/** Long enough for a machine that has other things to do. */
const DEADLINE_MS = 240_000;
/** Five group intervals of pages, one of tickets. */
const HOLD_MS = 15_000;

export function lineOf(labels: Readonly<Record<string, string>>): Line {
  const { alertname, host, pool, volume_type: type, binary, collector } = labels;
  return [alertname, host, pool, type, binary, collector].filter(Boolean).join(' ');
}

export function watch(site: Site): Watch {
  const { prometheus, alertmanager } = site;
  const since = Date.now();
  const before = alertmanager.notifications.length;
  /** All that has fired, and all notifications, as they should be. */
  const everFiring = new Set<Line>();
  const everMay = new Set<Line>();
  const told: string[] = [];
  let now: Expected = NOTHING;

  const notified = (): string[] => alertmanager.notifications.slice(before).map(notificationLine);
  const alerts = async (selector: string): Promise<Line[]> =>
    sorted((await prometheus.query(selector)).map(({ metric }) => lineOf(metric)));
  const butMay = (lines: readonly Line[]): Line[] => lines.filter((one) => !everMay.has(one));

  /** What is there although it is not expected, of the alerts that may fire. */
  const superfluous = async (firing: readonly Line[], allowed: readonly Expected[]): Promise<string[]> => {
    const may = new Set(allowed.flatMap(allOf));
    const left = [...told];
    const more = notified().filter((one) => {
      const at = left.indexOf(one);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    return [...firing.filter((one) => !may.has(one)), ...more];
  };

  const check = async (allowed: readonly Expected[]): Promise<boolean> => {
    const firing = butMay(await alerts('ALERTS{alertstate="firing"}'));
    const more = await superfluous(firing, allowed);
    assert.deepEqual(more, [], `more than expected: ${more.join(', ')}`);
    return same(firing, allOf(now)) && same(notified(), told);
  };

  const described = async (): Promise<string> =>
    JSON.stringify(
      { expected: { firing: allOf(now), told }, actual: { firing: await alerts('ALERTS'), told: notified() } },
      null,
      1,
    );

  const within = async (what: string, step: () => Promise<boolean | undefined>): Promise<void> => {
    let wrong: Error | undefined;
    await waitFor(
      what,
      async () => {
        try {
          return (await step()) || undefined;
        } catch (error) {
          // An alert too many does not get better by waiting.
          if (!(error instanceof assert.AssertionError)) throw error;
          wrong = error;
          return true;
        }
      },
      DEADLINE_MS,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await described()}\n${await site.logs()}`, { cause: error });
    });
    if (wrong) throw new Error(`${wrong.message}\n${await described()}\n${await site.logs()}`, { cause: wrong });
  };

  const becomes = async (next: Expected): Promise<void> => {
    const last = now;
    now = next;
    for (const one of allOf(next)) everFiring.add(one);
    for (const one of next.may ?? []) everMay.add(one);
    for (const [receiver, was, is] of [
      ['pager', last.pages, next.pages],
      ['ticket', last.tickets, next.tickets],
    ] as const) {
      for (const one of is ?? []) if (!was?.includes(one)) told.push(`${receiver} firing ${one}`);
      for (const one of was ?? []) if (!is?.includes(one)) told.push(`${receiver} resolved ${one}`);
    }
    await within(`fires: ${allOf(next).join(', ') || 'nothing'}`, () => check([last, next]));
  };

  return {
    since,
    becomes,
    async stays(ms = HOLD_MS) {
      const end = performance.now() + ms;
      await within('it stays like that', async () => (await check([now])) && performance.now() > end);
      await within('nothing else is on its way', async () => {
        await check([now]);
        return same(butMay(await alerts('ALERTS{alertstate="pending"}')), now.pending ?? []);
      });
    },
    async ends() {
      await becomes(NOTHING);
      const seconds = Math.floor((Date.now() - since) / 1000);
      const ever = await alerts(`last_over_time(ALERTS{alertstate="firing"}[${seconds}s])`);
      assert.deepEqual(butMay(ever), sorted(everFiring), 'everything that has fired meanwhile');
      assert.deepEqual(sorted(notified()), sorted(told), 'everything that was sent meanwhile');
    },
  };
}

function allOf({ pages = [], tickets = [], unheard = [] }: Expected): Line[] {
  return [...pages, ...tickets, ...unheard];
}

/** `pager firing A + B`; each alert's own state where it differs. */
function notificationLine({ receiver, status, alerts }: Notification): string {
  const each = alerts.map((alert) => (alert.status === status ? '' : `${alert.status} `) + lineOf(alert.labels));
  return `${receiver} ${status} ${sorted(each).join(' + ')}`;
}

function sorted(lines: Iterable<string>): string[] {
  return [...lines].toSorted((a, b) => (a < b ? -1 : 1));
}

function same(actual: readonly string[], expected: readonly string[]): boolean {
  return sorted(actual).join('\n') === sorted(expected).join('\n');
}
