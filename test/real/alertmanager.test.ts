import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ALERTS } from '../alerts/shipped.ts';
import { startAlertmanager, type Alertmanager } from './alertmanager-process.ts';

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

const CASES: readonly Case[] = [
  {
    name: 'one backend is down, and a volume type hangs on it alone',
    firing: [
      'CinderBackendDown host=c1@rbd',
      'CinderVolumeTypeDown volume_type=fast host=c1@rbd',
      'CinderBackendFlapping host=c1@rbd',
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
    name: 'all backends are out',
    firing: [
      'CinderAllBackendsDown',
      'CinderBackendDown host=c1@rbd',
      'CinderBackendStatsStale host=c2@lvm',
      'CinderVolumeServiceDown host=c3@nfs',
      'CinderVolumeTypeDown volume_type=fast',
      'CinderVolumeTypeDown volume_type=slow host=c2@lvm',
      'CinderPoolDown host=c4@multi pool=a',
    ],
    pages: ['CinderAllBackendsDown'],
    tickets: [],
  },
  {
    name: 'a scheduler outage mutes what it makes unknown, never a backend that is down',
    firing: [
      'CinderSchedulerDown',
      'CinderBackendDown host=c1@rbd',
      'CinderVolumeServiceDown host=c2@lvm',
      'CinderBackendStatsStale host=c3@nfs',
      'CinderBackendStateUnknown host=c4@x',
      'CinderPoolVanished host=c4@x pool=p',
      'CinderExporterDataStale collector=pools',
      'CinderServiceDown binary=cinder-scheduler host=ctl1',
      'CinderServiceDown binary=cinder-backup host=ctl1',
    ],
    pages: [
      'CinderBackendDown c1@rbd',
      'CinderBackendStatsStale c3@nfs',
      'CinderSchedulerDown',
      'CinderVolumeServiceDown c2@lvm',
    ],
    tickets: ['CinderServiceDown ctl1'],
  },
  {
    name: 'a message bus outage likewise',
    firing: [
      'CinderSchedulerNotAnswering',
      'CinderBackendDown host=c1@rbd',
      'CinderBackendStateUnknown host=c4@x',
      'CinderExporterDataStale collector=pools',
    ],
    pages: ['CinderBackendDown c1@rbd', 'CinderSchedulerNotAnswering'],
    tickets: [],
  },
  {
    name: 'the exporter is away, and a backend that was down stays down',
    firing: [
      'CinderExporterDown',
      'CinderAPIUnreachable',
      'CinderExporterDataStale collector=services',
      'CinderSchedulerNotAnswering',
      'CinderBackendVanished host=c9@old',
      'CinderBackendDown host=c1@rbd',
      'CinderSchedulerDown',
    ],
    pages: ['CinderBackendDown c1@rbd', 'CinderExporterDown', 'CinderSchedulerDown'],
    tickets: [],
  },
  {
    name: 'the API is away, and so on',
    firing: [
      'CinderAPIUnreachable',
      'CinderExporterDataStale collector=pools',
      'CinderBackendStateUnknown host=c4@x',
      'CinderBackendDown host=c1@rbd',
    ],
    pages: ['CinderAPIUnreachable', 'CinderBackendDown c1@rbd'],
    tickets: [],
  },
  {
    name: 'the login is refused, which is why the API counts as unreachable',
    firing: ['CinderExporterAuthFailing', 'CinderAPIUnreachable', 'CinderExporterDataStale collector=pools'],
    pages: ['CinderExporterAuthFailing'],
    tickets: [],
  },
  {
    name: 'a dead service explains its own backend, not the one beside it',
    firing: [
      'CinderVolumeServiceDown host=c1@lvm',
      'CinderServiceDown binary=cinder-volume host=c1@lvm',
      'CinderBackendStateUnknown host=c1@lvm',
      'CinderPoolVanished host=c1@lvm pool=p',
      'CinderVolumeTypeDown volume_type=lvm host=c1@lvm',
      'CinderServiceDown binary=cinder-volume host=c2@lvm',
      'CinderBackendStateUnknown host=c2@lvm',
    ],
    pages: ['CinderVolumeServiceDown c1@lvm'],
    tickets: ['CinderBackendStateUnknown c2@lvm', 'CinderServiceDown c2@lvm'],
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
      'CinderAllBackendsDown cloud=north',
      'CinderBackendDown cloud=north host=c1@rbd',
      'CinderBackendDown cloud=south host=c1@rbd',
      'CinderSchedulerDown cloud=north',
      'CinderBackendStateUnknown cloud=south host=c4@x',
    ],
    pages: ['CinderAllBackendsDown', 'CinderBackendDown c1@rbd', 'CinderSchedulerDown'],
    tickets: ['CinderBackendStateUnknown c4@x'],
  },
  {
    name: 'two pools of one backend are full: one page; another is filling up',
    firing: [
      'CinderPoolPhysicalSpaceCritical host=c1@multi pool=a',
      'CinderPoolPhysicalSpaceCritical host=c1@multi pool=b',
      'CinderPoolSpaceLow host=c1@multi pool=a',
      'CinderPoolFillingUp host=c1@multi pool=a',
      'CinderPoolFillingUp host=c1@multi pool=c',
      'CinderPoolOverProvisioned host=c1@multi pool=b',
    ],
    pages: ['CinderPoolPhysicalSpaceCritical c1@multi + CinderPoolPhysicalSpaceCritical c1@multi'],
    tickets: ['CinderPoolFillingUp c1@multi'],
  },
  {
    name: 'what an operator did, and what is worth knowing',
    firing: [
      'CinderBackendFailedOver host=c1@rbd',
      'CinderServiceDisabledTooLong binary=cinder-volume host=c1@rbd',
      'CinderServiceFrozenTooLong host=c1@rbd',
      'CinderServiceFrozenTooLong host=c2@rbd',
      'CinderServiceRecordStale host=c3@old',
      'CinderAPITooOld',
    ],
    pages: [],
    tickets: ['CinderBackendFailedOver c1@rbd', 'CinderServiceFrozenTooLong c2@rbd'],
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

async function post({ url }: Alertmanager, alerts: readonly Record<string, string>[]): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  });
  assert.equal(response.status, 200, await response.text());
}

let alertmanager: Alertmanager;

before(async () => {
  alertmanager = await startAlertmanager();
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
        .filter((notification) => notification.receiver === receiver && notification.alerts[0]?.labels['job'] === name)
        .map(({ alerts }) =>
          alerts.map(({ labels }) => [labels['alertname'], labels['host']].filter(Boolean).join(' ')).join(' + '),
        )
        .toSorted();
    assert.deepEqual({ pages: lines('pager'), tickets: lines('ticket') }, { pages, tickets });
  });
}
