import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { findAlertPrograms, linesOf, startPager } from '../../src/cli/demo-alerts.ts';
import { FlagError } from '../../src/cli/flags.ts';
import { findProgram, startProgram } from '../../src/cli/program.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cinder exporter "demo" '));
});
after(() => rm(folder, { recursive: true }));

/** A folder with files of these names; `text` runs in a shell. */
async function programs(name: string, files: readonly string[], mode = 0o755, text = 'exit 0'): Promise<string> {
  const place = join(folder, name);
  await mkdir(place);
  for (const file of files) {
    await writeFile(join(place, file), `#!/bin/sh\n${text}\n`);
    await chmod(join(place, file), mode);
  }
  return place;
}

test('Debian calls it prometheus-alertmanager, everybody else alertmanager', async () => {
  const debian = await programs('debian', ['prometheus', 'prometheus-alertmanager']);
  const others = await programs('others', ['prometheus', 'alertmanager']);
  assert.equal(findAlertPrograms(debian).alertmanager, join(debian, 'prometheus-alertmanager'));
  assert.deepEqual(findAlertPrograms(['', '/nowhere', others, debian].join(delimiter)), {
    prometheus: join(others, 'prometheus'),
    alertmanager: join(debian, 'prometheus-alertmanager'),
  });
});

test('what is missing is named: neither, one, a folder, a file that cannot be executed, no PATH at all', async () => {
  const only = await programs('only', ['prometheus']);
  const dead = await programs('dead', ['alertmanager'], 0o644);
  await mkdir(join(folder, 'odd', 'alertmanager'), { recursive: true });
  const alertmanager = 'alertmanager (or prometheus-alertmanager)';
  for (const [path, missing] of [
    [join(folder, 'nothing'), `prometheus and ${alertmanager}`],
    [undefined, `prometheus and ${alertmanager}`],
    [only, alertmanager],
    [[only, dead, join(folder, 'odd')].join(delimiter), alertmanager],
  ] as const) {
    assert.throws(
      () => findAlertPrograms(path),
      (error) =>
        error instanceof FlagError &&
        error.message === `--alerts: expected Prometheus and Alertmanager on PATH, did not find ${missing}`,
    );
  }
});

test('a program that ends at once is told with its own words', async () => {
  const place = await programs(
    'broken',
    ['prometheus'],
    0o755,
    'echo "unknown field \\"keep_firing_for\\"" >&2; exit 1',
  );
  await assert.rejects(
    startProgram(findProgram(['prometheus'], place) ?? '', () => []),
    /^Error: --alerts: .*prometheus did not get ready: unknown field "keep_firing_for"$/,
  );
});

const notification = (receiver: string, ...alerts: readonly object[]): string =>
  JSON.stringify({ version: '4', receiver, status: 'firing', groupLabels: {}, alerts });
const down = {
  status: 'firing',
  labels: { alertname: 'CinderBackendDown', host: 'c1@a.b@c', severity: 'critical' },
  annotations: { description: 'The driver says "down"\n\u001B[31mand more' },
  startsAt: '2026-01-01T00:00:00Z',
};

test('a line for each alert: pages, tickets, what resolves; nothing of them steers the terminal', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  const gone = {
    status: 'resolved',
    labels: { alertname: 'CinderVolumeTypeDown', volume_type: 'gold' },
    annotations: {},
  };
  assert.deepEqual(linesOf(notification('pager', down, gone), at), [
    '03:04:05  PAGE      CinderBackendDown  The driver says "down"  [31mand more\n',
    '03:04:05  resolved  CinderVolumeTypeDown  gold\n',
  ]);
  assert.deepEqual(linesOf(notification('ticket', { ...down, annotations: {} }), at), [
    '03:04:05  ticket    CinderBackendDown\n',
  ]);
  for (const odd of ['', '{', '[]', '{"receiver":"pager","alerts":[{}]}']) assert.equal(linesOf(odd), undefined);
});

test('the receiver answers, writes, and refuses what is no notification', async () => {
  const written: string[] = [];
  const pager = await startPager((line) => written.push(line));
  try {
    const post = async (body: string): Promise<number> =>
      (await fetch(pager.urlOf('on call/1'), { method: 'POST', body })).status;
    assert.equal(await post('no JSON'), 400);
    assert.deepEqual(written, []);
    assert.equal(await post(notification('pager', down)), 200);
    assert.match(
      written.join(''),
      /^\d\d:\d\d:\d\d  PAGE {6}CinderBackendDown  The driver says "down"  \[31mand more\n$/,
    );
  } finally {
    pager.close();
  }
});
