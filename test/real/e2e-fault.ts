import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { waitFor } from '../support/wait-for.ts';
import { serviceIsDown, setEnabled } from './e2e-cinder.ts';
import { measure, PLAYED } from './e2e-latency.ts';
import type { Site } from './e2e-site.ts';
import { activeAlerts, incidentsOf, watch } from './e2e-watch.ts';
import type { Expected, Line, Watch } from './e2e-watch.ts';

/** Something that breaks in a real Cinder, what must come of it, and how it is mended. */
export interface Fault {
  readonly name: string;
  readonly breaks: (lab: Lab) => Promise<unknown>;
  readonly mends: (lab: Lab) => Promise<unknown>;
  readonly expected: Expected;
  /** The backends that are out by it. */
  readonly hosts: readonly string[];
  /** What may be told while its parts come back one after the other, which takes seconds: minutes at this pace. */
  readonly mending?: readonly Line[];
  /** No operator can do anything through the API. */
  readonly withoutApi?: true;
  /** Its cinder-volume is not there to be asked. */
  readonly withoutService?: true;
  /** When Cinder itself began to show it, in milliseconds since the epoch; undefined: not yet. */
  readonly shows?: (lab: Lab) => Promise<number | undefined>;
}

/** What happens while a fault lasts, and must not be told to anybody. */
export interface SecondEvent {
  readonly name: string;
  readonly happens: (site: Site) => Promise<unknown>;
  /** Long enough for a wrong page to come, or for a right one to end. */
  readonly lastsMs: number;
  /** Takes back what has happened, where that is needed. */
  readonly ends?: (site: Site) => Promise<unknown>;
  /** What it may be told of by itself. */
  readonly may?: readonly string[];
}

/** Several steps; whatever it breaks it mends. */
export interface Story {
  readonly name: string;
  readonly play: (site: Site, watch: Watch) => Promise<void>;
  /** Brings back what a story that failed half-way has left broken. */
  readonly mends: (site: Site) => Promise<unknown>;
}

/**
 * Faults that are there at once, each on a part of its own: all of them fire and are told once. Then a second event after the other: nothing changes.
 * Then they are mended: each is told once as resolved.
 */
export class Standing {
  private readonly site: () => Site;
  private readonly faults: readonly Fault[];
  private seen: Watch | undefined;

  constructor(site: () => Site, faults: readonly Fault[]) {
    this.site = site;
    this.faults = faults;
  }

  /** Breaks everything; nothing when it is broken already and was told as it should. */
  async begins(): Promise<Watch> {
    if (this.seen) return this.seen;
    const site = this.site();
    await quiet(site);
    const seen = watch(site);
    await this.orMend(() =>
      Promise.all([seen.becomes(this.expected), ...this.faults.map((fault) => this.breaks(fault))]),
    );
    this.seen = seen;
    return seen;
  }

  private async breaks({ name, breaks, shows, expected }: Fault): Promise<void> {
    const site = this.site();
    const since = Date.now();
    await breaks(site.lab);
    const shownAt = shows && (await waitFor('Cinder shows it', () => shows(site.lab), 120_000));
    for (const line of [...(expected.pages ?? []), ...(expected.tickets ?? [])])
      await measure(site, { fault: name, line, since, shownAt });
  }

  /** One more thing happens. When that is told although it should not, the next event begins with everything broken anew. */
  async outlasts({ name, happens, lastsMs, ends, may = [] }: SecondEvent): Promise<void> {
    const seen = await this.begins();
    seen.allows(may);
    try {
      await happens(this.site());
      await seen.stays(lastsMs);
    } catch (error) {
      await ends?.(this.site());
      await this.mend();
      throw error;
    }
    await ends?.(this.site());
    PLAYED.push({ faults: this.faults.map((fault) => fault.name), event: name });
  }

  /** Whoever disables a backend knows of its trouble: that page ends. Enabled while the trouble lasts it pages again. */
  async isDisabled(): Promise<void> {
    const seen = await this.begins();
    await this.orMend(async () => {
      await this.disable(seen);
      await setEnabled(this.site().lab, this.hosts, true);
      const may = [
        ...(this.expected.may ?? []),
        ...enabledAnew(this.hosts).filter((line) => !this.expected.pages?.includes(line)),
      ];
      await seen.becomes({ ...this.expected, may });
    });
  }

  /** What is mended while it is disabled, and then enabled, is told to nobody. */
  async isMendedWhileDisabled(): Promise<void> {
    const seen = await this.begins();
    const { lab } = this.site();
    await this.orMend(() => this.disable(seen));
    await this.mend();
    // Whoever enables a backend has looked whether it is mended. Of a disabled one Cinder shows its heartbeat alone; its stats go on unseen.
    for (const host of this.hosts)
      await waitFor(`${host} is alive`, async () => (await serviceIsDown(host)(lab)) === undefined, 240_000);
    await pause(THREE_REPORTS_MS);
    await setEnabled(lab, this.hosts, true);
    await seen.stays(SETTLE_MS);
    await seen.ends();
  }

  private async disable(seen: Watch): Promise<void> {
    await setEnabled(this.site().lab, this.hosts, false);
    await seen.becomes({ may: disabledTooLong(this.hosts) });
  }

  /** A step after whose failure the next one begins with everything broken anew. */
  private async orMend(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.mend();
      throw error;
    }
  }

  private get expected(): Expected {
    return together(this.faults.map(({ expected }) => expected));
  }

  private get hosts(): readonly string[] {
    return this.faults.flatMap(({ hosts }) => hosts);
  }

  async ends(): Promise<void> {
    const seen = await this.begins();
    seen.allows(this.faults.flatMap(({ mending = [] }) => mending));
    await this.mend();
    await seen.ends();
  }

  private async mend(): Promise<void> {
    this.seen = undefined;
    const { lab } = this.site();
    await Promise.all(this.faults.map(({ mends }) => mends(lab)));
  }
}

/** The lab's `backend_stats_polling_interval` is 3 s. */
const THREE_REPORTS_MS = 10_000;
/** Longer than the longest `for` of a page about a backend, at the pace of the site. */
const SETTLE_MS = 25_000;

function disabledTooLong(hosts: readonly string[]): Line[] {
  return hosts.map((host) => `CinderServiceDisabledTooLong ${host} cinder-volume`);
}

/** Cinder counts what an operator does as a heartbeat: for `service_down_time`, which no scale makes shorter, a dead service is up with old stats, or none. */
function enabledAnew(hosts: readonly string[]): Line[] {
  return hosts.flatMap((host) => [`CinderBackendStatsStale ${host}`, `CinderBackendStateUnknown ${host}`]);
}

function together(all: readonly Expected[]): Expected {
  const of = (part: keyof Expected): string[] => all.flatMap((one) => one[part] ?? []);
  return { pages: of('pages'), tickets: of('tickets'), unheard: of('unheard'), muted: of('muted'), may: of('may') };
}

export async function playStory(site: Site, { play, mends }: Story): Promise<void> {
  await quiet(site);
  const seen = watch(site);
  try {
    await play(site, seen);
  } catch (error) {
    await mends(site);
    throw error;
  }
  await seen.ends();
}

/** Nothing fires or is on its way, and whatever was told is taken back: what was before is over. */
async function quiet(site: Site): Promise<void> {
  await waitFor(
    'no alert is left from before',
    async () => {
      const left = [
        ...(await activeAlerts(site)).map(({ line }) => line),
        ...incidentsOf(site.alertmanager.notifications).flatMap(({ firing }) => firing),
      ];
      if (left.length > 0) throw new Error(left.join(', '));
      // All of it: a scheduler that was not seen to answer since the scene before is trouble that is known.
      const read = await site.prometheus.query('cinder_up == 1 unless on () (cinder_scrape_collector_success == 0)');
      return read.length > 0 || undefined;
    },
    240_000,
  );
}
