import type { Lab } from '../openstack/lab.ts';
import { waitFor } from '../openstack/wait-for.ts';
import type { Site } from './e2e-site.ts';
import { measure } from './e2e-timing.ts';
import { lineOf, watch } from './e2e-watch.ts';
import type { Expected, Watch } from './e2e-watch.ts';

/** Something that breaks in a real Cinder, what must come of it, and how it is mended. */
export interface Fault {
  readonly name: string;
  readonly breaks: (lab: Lab) => Promise<unknown>;
  readonly mends: (lab: Lab) => Promise<unknown>;
  readonly expected: Expected;
  /** When Cinder itself began to show it, in milliseconds since the epoch; undefined: not yet. */
  readonly shows?: (lab: Lab) => Promise<number | undefined>;
}

/** Several steps; whatever it breaks it mends. */
export interface Story {
  readonly name: string;
  readonly play: (site: Site, watch: Watch) => Promise<void>;
  /** Brings back what a story that failed half-way has left broken. */
  readonly mends: (site: Site) => Promise<unknown>;
}

/** The fault, and nothing else: fires, is told once, stays like that, is taken back, resolves. */
export async function playFault(site: Site, fault: Fault): Promise<void> {
  const { expected, shows } = fault;
  await quiet(site);
  const seen = watch(site);
  try {
    await fault.breaks(site.lab);
    const [shownAt] = await Promise.all([
      shows && waitFor('Cinder shows it', () => shows(site.lab), 120_000),
      seen.becomes(expected),
    ]);
    for (const line of [...(expected.pages ?? []), ...(expected.tickets ?? [])]) {
      await measure(site, { fault: fault.name, line, since: seen.since, shownAt });
    }
    await seen.stays();
  } finally {
    await fault.mends(site.lab);
  }
  await seen.ends();
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
async function quiet({ prometheus, alertmanager }: Site): Promise<void> {
  await waitFor(
    'no alert is left from before',
    async () => {
      const last = new Map<string, string>();
      for (const { receiver, alerts } of alertmanager.notifications)
        for (const { status, labels } of alerts) last.set(`${receiver} ${lineOf(labels)}`, status);
      const left = [
        ...(await prometheus.query('ALERTS')).map(({ metric }) => lineOf(metric)),
        ...[...last].filter(([, status]) => status !== 'resolved').map(([line]) => line),
      ];
      if (left.length > 0) throw new Error(left.join(', '));
      const read = await prometheus.query('cinder_up == 1');
      return read.length > 0 || undefined;
    },
    240_000,
  );
}
