import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startExporter } from '../support/exporter.ts';
import type { Exporter } from '../support/exporter.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { NOT_RUN } from '../runbooks/not-run.ts';
import { commandsOf, PAGES } from '../runbooks/pages.ts';
import type { Play, Scene } from '../runbooks/play.ts';
import { PLAYS } from '../runbooks/plays.ts';
import { startPrometheus } from './prometheus-process.ts';
import type { Prometheus } from './prometheus-process.ts';
import { openDesk } from './runbook-desk.ts';
import type { Desk } from './runbook-desk.ts';
import { DESK_CONFIG, LAB_BACKENDS, SCENES } from './runbook-scenes.ts';
import { makeVolumes } from './runbook-volumes.ts';
import { conditionOf } from './watched.ts';

type Run = (command: string) => Promise<string>;

describe('the commands of the runbooks, beside a real Keystone and Cinder', () => {
  let lab: Lab;
  let exporter: Exporter;
  let prometheus: Prometheus;
  let desk: Desk;
  const act: Run = (command) => desk.run(command);
  const close: (() => Promise<unknown>)[] = [];
  before(async () => {
    lab = await startLab({ backends: LAB_BACKENDS });
    close.unshift(() => lab.down());
    await makeVolumes(lab);
    exporter = await startExporter({
      environment: await lab.environment(),
      config: DESK_CONFIG,
      args: ['--web.enable-lifecycle'],
    });
    close.unshift(() => exporter.stop());
    prometheus = await startPrometheus('prometheus', scrapeConfig(exporter));
    close.unshift(() => prometheus.stop());
    desk = await openDesk(lab, exporter, prometheus);
    close.unshift(() => desk.close());
  });
  after(async () => {
    for (const end of close) await end();
  });

  for (const [scene, happen] of Object.entries(SCENES)) {
    describe(scene, () => {
      // What only looks says the same on every page.
      const seen = new Map<string, Promise<string>>();
      const look: Run = (command) => {
        const known = seen.get(command) ?? desk.run(command);
        seen.set(command, known);
        return known;
      };
      before(() => happen(lab, exporter));
      for (const [page, play] of Object.entries(PLAYS)) {
        if ((play.scene ?? 'faults') === (scene as Scene)) test(page, () => follow(page, play, look));
      }
    });
  }

  test('the units that pages name are of the Debian packages, or ours', () => {
    const named = PAGES.flatMap((page) => commandsOf(page)).flatMap(
      ({ text }) => /^(?:systemctl status|journalctl -u) (\S+)/.exec(text)?.[1] ?? [],
    );
    assert.ok(named.length >= 3);
    const folders = ['/lib/systemd/system', fileURLToPath(new URL('../../deploy/systemd', import.meta.url))];
    for (const unit of named)
      assert.ok(
        folders.some((folder) => existsSync(`${folder}/${unit}.service`)),
        unit,
      );
  });

  async function follow(page: string, play: Play, look: Run): Promise<void> {
    const { words, first, shows } = play;
    const commands = commandsOf(page).filter(({ text }) => !(text in NOT_RUN) && text !== first);
    const check = async (text: string, run: Run): Promise<void> => {
      assert.match(await run(desk.fill(text, words)), shows[text] ?? assert.fail(text), text);
    };
    if (first !== undefined) {
      const host = words['HOST'] ?? '';
      const before = conditionOf(await exporter.metrics(), host);
      assert.ok(before !== undefined, host);
      await check(first, act);
      await exporter.waitFor(`${first} has an effect`, (it) => conditionOf(it, host) !== before);
    }
    await Promise.all(commands.filter(({ inline }) => !inline).map(({ text }) => check(text, look)));
    for (const { text } of commands.filter(({ inline }) => inline)) await check(text, act);
    if (commands.some(({ text }) => text.includes(' --disable '))) {
      const row = { host: words['HOST'], binary: words['BINARY'] ?? 'cinder-volume' };
      await lab.action('enable', row);
    }
  }
});

function scrapeConfig(exporter: Exporter): string {
  return `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: cinder-exporter
    static_configs: [{targets: ['${new URL(exporter.url).host}']}]
`;
}
