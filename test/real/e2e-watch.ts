import assert from 'node:assert/strict';
import { waitFor } from '../support/wait-for.ts';
import type { Notification } from './alertmanager-process.ts';
import type { Site } from './e2e-site.ts';

/** An alert as one line: its name, and whatever of host, pool, volume type, service and collector it has. */
export type Line = string;

/** What fires. Everything that is not named here must be silent. */
export interface Expected {
  /** What wakes somebody. */
  readonly pages?: readonly Line[];
  readonly tickets?: readonly Line[];
  /** What fires in Prometheus and notifies nobody: mere information. */
  readonly unheard?: readonly Line[];
  /** What one of the others explains: whether it fires in Prometheus or not, nobody is told, unless as news of an outage that was told. */
  readonly muted?: readonly Line[];
  /** What is on its way. */
  readonly pending?: readonly Line[];
  /** What comes, or is there already, as time goes by, and is not what the scene is about. */
  readonly may?: readonly Line[];
}

/** Nothing fires. */
const NOTHING: Expected = {};

/** Follows what fires and who is told, from the moment it is made. Everything throws when something else happens. */
export interface Watch {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /**
   * Waits until exactly this fires, and somebody has been told of it: each outage once, and once of its end. An outage is whatever is wrong with
   * one backend: another alert about it, while it lasts, wakes nobody again.
   */
  readonly becomes: (expected: Expected) => Promise<void>;
  /** From now on this may come, and is not what the scene is about. */
  readonly allows: (may: readonly Line[]) => void;
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

/** What Prometheus has of alerts right now; the series `ALERTS` would still show what a process had that has ended. */
export async function activeAlerts({
  prometheus,
}: Pick<Site, 'prometheus'>): Promise<readonly { readonly line: Line; readonly state: string }[]> {
  const { alerts } = (await prometheus.api('/alerts')) as {
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[];
  };
  return alerts.map(({ labels, state }) => ({ line: lineOf(labels), state }));
}

/** What one receiver was told of one group, from the first notification to `resolved`. */
interface Incident {
  readonly receiver: string;
  readonly groupKey: string;
  readonly ever: Set<Line>;
  /** What it says that is firing. */
  firing: readonly Line[];
}

/** What was told, as incidents; `resolved` of what was never told is one too. */
export function incidentsOf(notifications: readonly Notification[]): readonly Incident[] {
  const all: Incident[] = [];
  for (const { receiver, groupKey, alerts } of notifications) {
    let open = all.find((one) => one.receiver === receiver && one.groupKey === groupKey && one.firing.length > 0);
    const firing = alerts.filter(({ status }) => status === 'firing').map(({ labels }) => lineOf(labels));
    // What has ended before is named once more when the group is told of something new.
    const news = open === undefined && firing.length === 0 ? alerts.map(({ labels }) => lineOf(labels)) : firing;
    if (open === undefined) all.push((open = { receiver, groupKey, ever: new Set(), firing: [] }));
    for (const line of news) open.ever.add(line);
    open.firing = firing;
  }
  return all;
}

/** What a line is about: a page the backend, if it has one; a ticket whatever its alert gathers. */
function subjectOf(receiver: string, line: Line): string {
  const [alert = '', host = ''] = line.split(' ');
  return `${receiver} ${receiver === 'pager' && host.includes('@') ? host : alert}`;
}

/** How often somebody was told that it begins, and that it ends. */
type Counts = Map<string, { begins: number; ends: number }>;

function count(counts: Counts, subject: string, what: 'begins' | 'ends'): void {
  const known = counts.get(subject) ?? { begins: 0, ends: 0 };
  known[what] += 1;
  counts.set(subject, known);
}

/** The counts as lines, for a comparison that a person can read. */
function countLines(counts: Counts): Line[] {
  return sorted([...counts].map(([subject, { begins, ends }]) => `${subject}: begins ${begins}, ends ${ends}`));
}

export function watch(site: Pick<Site, 'prometheus' | 'alertmanager' | 'logs'>): Watch {
  const since = Date.now();
  const before = site.alertmanager.notifications.length;
  const everFiring = new Set<Line>();
  const everMay = new Set<Line>();
  const everMuted = new Set<Line>();
  /** What should have been told. */
  const due: Counts = new Map();
  let now: Expected = NOTHING;

  const butMay = (lines: readonly Line[]): Line[] => lines.filter((one) => !everMay.has(one));
  const firingNow = async (): Promise<Line[]> =>
    butMay((await activeAlerts(site)).filter(({ state }) => state === 'firing').map(({ line }) => line));
  const incidents = (): readonly Incident[] =>
    incidentsOf(site.alertmanager.notifications.slice(before)).filter(({ ever }) => butMay([...ever]).length > 0);
  const told = (): Counts => {
    const counts: Counts = new Map();
    for (const { receiver, ever, firing } of incidents()) {
      const [first = ''] = butMay([...ever]);
      count(counts, subjectOf(receiver, first), 'begins');
      if (butMay(firing).length === 0) count(counts, subjectOf(receiver, first), 'ends');
    }
    return counts;
  };

  /** What is there although it is not expected. */
  const superfluous = async (firing: readonly Line[], allowed: readonly Expected[]): Promise<string[]> => {
    const may = new Set(allowed.flatMap(allOf));
    const heard = new Set(due.keys());
    const wrong = firing.filter((one) => !may.has(one));
    for (const { receiver, ever } of incidents())
      for (const line of butMay([...ever]))
        if (!(everFiring.has(line) || everMuted.has(line)) || !heard.has(subjectOf(receiver, line)))
          wrong.push(`${receiver} was told ${line}`);
    for (const [subject, { begins, ends }] of told()) {
      const expected = due.get(subject) ?? { begins: 0, ends: 0 };
      if (begins > expected.begins) wrong.push(`${subject}: begins ${begins} times, not ${expected.begins}`);
      if (ends > expected.ends) wrong.push(`${subject}: ends ${ends} times, not ${expected.ends}`);
    }
    return wrong;
  };

  const check = async (allowed: readonly Expected[]): Promise<boolean> => {
    const firing = await firingNow();
    // What was muted before may be what is expected now.
    const expected = new Set(allOf(now));
    const muted = new Set(allowed.flatMap((one) => one.muted ?? []).filter((line) => !expected.has(line)));
    const unexplained = firing.filter((line) => !muted.has(line));
    const more = await superfluous(unexplained, allowed);
    assert.deepEqual(more, [], `more than expected: ${more.join(', ')}`);
    const heard = (receiver: string): Line[] =>
      incidents().flatMap((one) =>
        one.receiver === receiver ? butMay(one.firing).filter((line) => !muted.has(line)) : [],
      );
    return (
      same(unexplained, allOf(now)) &&
      same(heard('pager'), now.pages ?? []) &&
      same(heard('ticket'), now.tickets ?? []) &&
      same(countLines(told()), countLines(due))
    );
  };

  const described = async (): Promise<string> =>
    JSON.stringify(
      {
        expected: { firing: allOf(now), told: countLines(due) },
        actual: {
          alerts: (await activeAlerts(site)).map(({ line, state }) => `${state} ${line}`),
          told: countLines(told()),
          notifications: site.alertmanager.notifications.slice(before).map(notificationLine),
        },
      },
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
    for (const one of next.muted ?? []) everMuted.add(one);
    const [was, is] = [subjects(last), subjects(next)];
    for (const subject of is) if (!was.has(subject)) count(due, subject, 'begins');
    for (const subject of was) if (!is.has(subject)) count(due, subject, 'ends');
    await within(`fires: ${allOf(next).join(', ') || 'nothing'}`, () => check([last, next]));
  };

  return {
    since,
    becomes,
    allows: (may) => may.forEach((line) => everMay.add(line)),
    async stays(ms = HOLD_MS) {
      const end = performance.now() + ms;
      await within('it stays like that', async () => (await check([now])) && performance.now() > end);
      await within('nothing else is on its way', async () => {
        await check([now]);
        const pending = (await activeAlerts(site)).filter(({ state }) => state === 'pending');
        const unexplained = butMay(pending.map(({ line }) => line)).filter((line) => !now.muted?.includes(line));
        return same(unexplained, now.pending ?? []);
      });
    },
    async ends() {
      await becomes(NOTHING);
      // To the millisecond: up to a second more would reach back to the last evaluation in which an alert of the scene before still fired.
      const sinceMs = Date.now() - since;
      const series = await site.prometheus.query(`last_over_time(ALERTS{alertstate="firing"}[${sinceMs}ms])`);
      const ever = new Set(butMay(series.map(({ metric }) => lineOf(metric))));
      const unexplained = [...ever].filter((line) => everFiring.has(line) || !everMuted.has(line));
      assert.deepEqual(sorted(unexplained), sorted(everFiring), 'everything that has fired meanwhile');
    },
  };
}

function subjects({ pages = [], tickets = [] }: Expected): Set<string> {
  return new Set([
    ...pages.map((line) => subjectOf('pager', line)),
    ...tickets.map((line) => subjectOf('ticket', line)),
  ]);
}

function allOf({ pages = [], tickets = [], unheard = [] }: Expected): Line[] {
  return [...pages, ...tickets, ...unheard];
}

/** `pager firing A + B`; each alert's own state where it differs. */
function notificationLine({ receiver, status, alerts, atMs }: Notification): string {
  const each = alerts.map((alert) => (alert.status === status ? '' : `${alert.status} `) + lineOf(alert.labels));
  return `${new Date(atMs).toISOString().slice(11, 19)} ${receiver} ${status} ${sorted(each).join(' + ')}`;
}

function sorted(lines: Iterable<string>): string[] {
  return [...lines].toSorted((a, b) => (a < b ? -1 : 1));
}

function same(actual: readonly string[], expected: readonly string[]): boolean {
  return sorted(actual).join('\n') === sorted(expected).join('\n');
}
