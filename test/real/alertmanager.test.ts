import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ALERTS } from '../alerts/shipped.ts';
import { startAlertmanager, type Alertmanager, type Notification } from './alertmanager-process.ts';
import { goProgram } from './go-install.ts';

/** `Alert`, `Alert host` or `Alert label=value ...`. */
type Line = string;

interface Case {
  readonly name: string;
  /** What Prometheus says is firing. */
  readonly firing: readonly Line[];
  /** Who is woken: one line for each notification, the alerts in it joined by ` + `. */
  readonly pages: readonly string[];
  readonly tickets: readonly string[];
}

/** What the rules let fire together; what they mute themselves never comes here. */
const CASES: readonly Case[] = [
  {
    name: 'one backend is down, and a volume type hangs on it alone',
    firing: [
      'CinderBackendDown host=c1@rbd',
      'CinderVolumeTypeDown volume_type=fast host=c1@rbd',
      'CinderBackendStateAssumed host=c1@rbd',
    ],
    pages: ['CinderBackendDown c1@rbd'],
    tickets: [],
  },
  {
    name: 'two backends are down, each a page of its own; types that had both are one more',
    firing: [
      'CinderBackendDown host=c1@rbd',
      'CinderBackendStatsStale host=c2@rbd',
      'CinderVolumeTypeDown volume_type=fast',
      'CinderVolumeTypeDown volume_type=slow',
    ],
    pages: [
      'CinderBackendDown c1@rbd',
      'CinderBackendStatsStale c2@rbd',
      'CinderVolumeTypeDown + CinderVolumeTypeDown',
    ],
    tickets: [],
  },
  {
    name: 'one backend had paged before all went: both',
    firing: ['CinderAllBackendsDown', 'CinderBackendDown host=c1@rbd'],
    pages: ['CinderAllBackendsDown', 'CinderBackendDown c1@rbd'],
    tickets: [],
  },
  {
    name: 'a scheduler outage is one incident, whatever its kind, and never mutes a backend',
    firing: [
      'CinderSchedulerDown',
      'CinderSchedulerNotAnswering',
      'CinderBackendDown host=c1@rbd',
      'CinderVolumeServiceDown host=c2@lvm',
      'CinderBackendStatsStale host=c3@nfs',
      'CinderBackendStateUnknown host=c4@x',
      'CinderServiceDown binary=cinder-backup host=ctl1',
    ],
    pages: [
      'CinderBackendDown c1@rbd',
      'CinderBackendStateUnknown c4@x',
      'CinderBackendStatsStale c3@nfs',
      'CinderSchedulerDown + CinderSchedulerNotAnswering',
      'CinderVolumeServiceDown c2@lvm',
    ],
    tickets: ['CinderServiceDown ctl1'],
  },
  {
    name: 'the exporter is away, and a backend that was down stays down',
    firing: ['CinderExporterDown', 'CinderBackendDown host=c1@rbd', 'CinderSchedulerDown'],
    pages: ['CinderBackendDown c1@rbd', 'CinderExporterDown', 'CinderSchedulerDown'],
    tickets: [],
  },
  {
    name: 'a host is lost with its backends: one page, and the backends of another host, each its own',
    firing: [
      'CinderVolumeHostDown host=c1',
      'CinderVolumeServiceDown host=c2@lvm',
      'CinderVolumeServiceDown host=c2@nfs',
      'CinderServiceDown binary=cinder-volume host=c3@lvm',
    ],
    pages: ['CinderVolumeHostDown c1', 'CinderVolumeServiceDown c2@lvm', 'CinderVolumeServiceDown c2@nfs'],
    tickets: ['CinderServiceDown c3@lvm'],
  },
  {
    name: 'labels that are missing on both sides count as equal: an alert without a host is muted by none that has one',
    firing: [
      'CinderBackendDown host=c1@rbd',
      'CinderVolumeTypeDown volume_type=any',
      'CinderExporterDataStale collector=pools',
    ],
    pages: ['CinderBackendDown c1@rbd', 'CinderVolumeTypeDown'],
    tickets: ['CinderExporterDataStale'],
  },
  {
    name: 'one cloud does not speak for another',
    firing: [
      'CinderBackendDown cloud=north host=c1@rbd',
      'CinderVolumeTypeDown cloud=north volume_type=fast host=c1@rbd',
      'CinderBackendDown cloud=south host=c1@rbd',
      'CinderVolumeTypeDown cloud=west volume_type=fast host=c1@rbd',
    ],
    pages: ['CinderBackendDown c1@rbd', 'CinderBackendDown c1@rbd', 'CinderVolumeTypeDown c1@rbd'],
    tickets: [],
  },
  {
    name: 'two pools of a backend are full: one page, which does not hide that the backend is down',
    firing: [
      'CinderPoolPhysicalSpaceCritical host=c1@multi pool=a',
      'CinderPoolPhysicalSpaceCritical host=c1@multi pool=b',
      'CinderBackendDown host=c1@multi',
      'CinderPoolFillingUp host=c1@multi pool=c',
    ],
    pages: [
      'CinderBackendDown c1@multi',
      'CinderPoolPhysicalSpaceCritical c1@multi + CinderPoolPhysicalSpaceCritical c1@multi',
    ],
    tickets: ['CinderPoolFillingUp c1@multi'],
  },
  {
    name: 'what an operator did, and what is worth knowing',
    firing: [
      'CinderBackendFailedOver host=c1@rbd',
      'CinderServiceDisabledTooLong binary=cinder-volume host=c1@rbd',
      'CinderServiceFrozenTooLong host=c2@rbd',
      'CinderServiceRecordStale host=c3@old',
      'CinderAPITooOld',
    ],
    pages: [],
    tickets: ['CinderBackendFailedOver c1@rbd', 'CinderServiceFrozenTooLong c2@rbd'],
  },
];

/** What begins (+) and ends (-), one step after the other, and what the pager is told in the end, in this order. */
interface Story {
  readonly name: string;
  readonly steps: readonly (readonly string[])[];
  readonly told: readonly string[];
}

const DOWN = 'CinderBackendDown host=c1@rbd';
const DEAD = 'CinderVolumeServiceDown host=c1@rbd';
const TYPE = 'CinderVolumeTypeDown volume_type=fast host=c1@rbd';

const STORIES: readonly Story[] = [
  {
    name: 'down, then its service dies as well, and both end: the next outage is told',
    steps: [[`+${DOWN}`], [`+${DEAD}`], [`-${DOWN}`], [`-${DEAD}`], [`+${DOWN}`]],
    told: ['firing CinderBackendDown', 'firing CinderVolumeServiceDown', 'resolved', 'firing CinderBackendDown'],
  },
  {
    name: 'the type was told first, then the backend, which mutes it, and both end: the next one is told',
    steps: [[`+${TYPE}`], [`+${DOWN}`], [`-${TYPE}`], [`-${DOWN}`], [`+${TYPE}`]],
    told: ['firing CinderVolumeTypeDown', 'firing CinderBackendDown', 'resolved', 'firing CinderVolumeTypeDown'],
  },
  {
    name: 'a scheduler hangs, is stopped, and comes back; then it hangs again',
    steps: [
      ['+CinderSchedulerNotAnswering'],
      ['+CinderSchedulerDown'],
      ['-CinderSchedulerNotAnswering'],
      ['-CinderSchedulerDown'],
      ['+CinderSchedulerNotAnswering'],
    ],
    told: [
      'firing CinderSchedulerNotAnswering',
      'firing CinderSchedulerDown',
      'resolved',
      'firing CinderSchedulerNotAnswering',
    ],
  },
  {
    name: 'the API is away, then the exporter as well; the API page ends meanwhile, and is told again the next time',
    steps: [
      ['+CinderAPIUnreachable'],
      ['+CinderExporterDown'],
      ['-CinderAPIUnreachable'],
      ['-CinderExporterDown'],
      ['+CinderAPIUnreachable'],
    ],
    told: [
      'firing CinderAPIUnreachable',
      'firing CinderExporterDown',
      'resolved CinderAPIUnreachable',
      'resolved CinderExporterDown',
      'firing CinderAPIUnreachable',
    ],
  },
];

/** The labels of a firing alert as Prometheus sends them; `job` keeps the cases apart. */
function labelsOf(line: Line, job: string): Record<string, string> {
  const [alertname = '', ...pairs] = line.split(' ');
  const rule = ALERTS.find((candidate) => candidate.alert === alertname);
  assert.ok(rule, alertname);
  return {
    alertname,
    job,
    ...rule.labels,
    ...Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string])),
  };
}

async function post({ url }: Alertmanager, alerts: readonly Record<string, string>[], endsAt?: string): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels, ...(endsAt !== undefined && { endsAt }) }))),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Longer than the wait and the interval of a group together, on a machine with other things to do. */
const STEP_MS = 6000;

// Debian's, and a newer one; both at once, for they wait rather than work.
describe('the shipped example', { concurrency: 2 }, () => {
  describe('Alertmanager of Debian', { concurrency: 1 }, () => plays(() => 'prometheus-alertmanager'));
  describe('Alertmanager 0.31', { concurrency: 1 }, () => plays(() => goProgram('alertmanager')));
});

function plays(binary: () => string): void {
  let alertmanager: Alertmanager;

  before(async () => {
    alertmanager = await startAlertmanager(undefined, binary());
    await post(
      alertmanager,
      CASES.flatMap(({ name, firing }) => firing.map((line) => labelsOf(line, name))),
    );
    // All groups wait equally long and are sent together. One more, begun when the first has come, is sent a whole wait later than all of them.
    await alertmanager.notified(() => true);
    await post(
      alertmanager,
      ['CinderSchedulerDown', 'CinderBackendVanished'].map((line) => labelsOf(line, 'last')),
    );
    await Promise.all(
      ['pager', 'ticket'].map((receiver) =>
        alertmanager.notified((n) => n.receiver === receiver && n.alerts[0]?.labels['job'] === 'last'),
      ),
    );
  });

  after(() => alertmanager.stop());

  for (const { name, pages, tickets } of CASES) {
    test(name, () => {
      const lines = (receiver: string): string[] =>
        alertmanager.notifications
          .filter(
            (notification) => notification.receiver === receiver && notification.alerts[0]?.labels['job'] === name,
          )
          .map(({ alerts }) =>
            alerts.map(({ labels }) => [labels['alertname'], labels['host']].filter(Boolean).join(' ')).join(' + '),
          )
          .toSorted();
      assert.deepEqual({ pages: lines('pager'), tickets: lines('ticket') }, { pages, tickets });
    });
  }

  // One post that says it has ended stands for the 15 minutes in which Prometheus repeats that; a step is two intervals of a group.
  for (const { name, steps, told } of STORIES) {
    test(name, async () => {
      const own = await startAlertmanager(undefined, binary());
      try {
        for (const step of steps) {
          const begin = step.filter((it) => it.startsWith('+')).map((it) => labelsOf(it.slice(1), name));
          const end = step.filter((it) => it.startsWith('-')).map((it) => labelsOf(it.slice(1), name));
          if (begin.length > 0) await post(own, begin);
          if (end.length > 0) await post(own, end, new Date(Date.now() - 1000).toISOString());
          await pause(STEP_MS);
        }
        assert.deepEqual(changesOf(own.notifications), told);
      } finally {
        await own.stop();
      }
    });
  }
}

/** What a person reads: the alert that is new in its group or gone from it, or that the group has ended. */
function changesOf(notifications: readonly Notification[]): string[] {
  const firing = new Map<string, ReadonlySet<string>>();
  return notifications.flatMap(({ groupKey, alerts, status }) => {
    const before = firing.get(groupKey) ?? new Set<string>();
    const now = new Set(alerts.filter((it) => it.status === 'firing').map(({ labels }) => labels['alertname'] ?? ''));
    firing.set(groupKey, now);
    const begun = [...now].filter((it) => !before.has(it)).map((it) => `firing ${it}`);
    if (status !== 'resolved') return begun;
    return [/:\{alertname=/.test(groupKey) ? `resolved ${alerts[0]?.labels['alertname']}` : 'resolved'];
  });
}
