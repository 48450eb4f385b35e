import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hastened } from '../../src/rules/alertmanager.ts';
import { renderRules } from '../../src/rules/render.ts';
import { parseSettings, scaleDurations } from '../../src/rules/settings.ts';
import { startExporter } from '../openstack/exporter.ts';
import type { Exporter } from '../openstack/exporter.ts';
import { freePorts } from '../openstack/free-port.ts';
import { startLab } from '../openstack/lab.ts';
import type { Lab, Who } from '../openstack/lab.ts';
import { startAlertmanager } from './alertmanager-process.ts';
import type { Alertmanager } from './alertmanager-process.ts';
import { startPrometheus } from './prometheus-process.ts';
import type { Prometheus } from './prometheus-process.ts';

/** What every duration of the rules and every wait of Alertmanager is multiplied by. */
export const SCALE = 0.05;

/** Settings of the rules that differ from the shipped ones, before scaling: a day of `for` would still be more than an hour. */
export const SETTINGS = ['service_disabled_for=15m', 'service_frozen_for=15m'];

/** What a Prometheus of ours scrapes in milliseconds: at the shipped rules' pace. */
export const SCRAPE_MS = 1000;

/** The exporter's own times, shorter in about the same measure. Its pauses have no setting, and are as long as ever. */
export const EXPORTER_CONFIG = `
defaults:
  interval: 1500ms
  max_random_delay: 0s
  stale_after: 8s
  volume_types_interval: 5s
  timeouts:
    scheduler_patience: 2s
`;

export interface SiteOptions {
  /** Of the lab. */
  readonly backends: readonly string[];
  /** Whom the exporter logs in as. */
  readonly who: Who;
  /** Brings the lab into the state that counts as healthy, before anybody looks. */
  readonly prepare?: (lab: Lab) => Promise<unknown>;
}

/** A real Cinder, the exporter beside it, a real Prometheus with the shipped rules, and a real Alertmanager with the shipped example. */
export interface Site {
  readonly lab: Lab;
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
  readonly startExporter: () => Promise<void>;
  readonly stopExporter: () => Promise<void>;
  /** What everybody logged last, for a failure. */
  readonly logs: () => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Starts one and waits until the exporter has read the cloud. */
export async function startSite({ backends, who, prepare }: SiteOptions): Promise<Site> {
  const ends: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const lab = await startLab({ backends, rpcTimeoutSeconds: 5 });
    ends.push(() => lab.down());
    await prepare?.(lab);

    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const environment = await lab.environment(who);
    let exporter: Exporter | undefined;
    const stop = async (): Promise<void> => {
      await exporter?.stop();
      exporter = undefined;
    };
    const start = async (): Promise<void> => {
      exporter = await startExporter({ environment, config: EXPORTER_CONFIG, args: ['--web.listen-address', address] });
    };
    ends.push(stop);
    await start();

    const example = await readFile(new URL('../../alerts/alertmanager.example.yml', import.meta.url), 'utf8');
    const alertmanager = await startAlertmanager((webhook) => hastened(example, SCALE, () => webhook));
    ends.push(() => alertmanager.stop());

    const folder = await mkdtemp(join(tmpdir(), 'cinder-alerts-'));
    ends.push(() => rm(folder, { recursive: true }));
    const rules = join(folder, 'cinder.rules.yml');
    await writeFile(rules, renderRules(scaleDurations(parseSettings(SETTINGS), SCALE)));
    const prometheus = await startPrometheus('prometheus', prometheusConfig(rules, address, alertmanager.url));
    ends.push(() => prometheus.stop());

    const logs = async (): Promise<string> => `${(exporter?.logs ?? []).slice(-60).join('\n')}\n${await lab.logs()}`;
    return { lab, prometheus, alertmanager, startExporter: start, stopExporter: stop, logs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function prometheusConfig(rules: string, target: string, alertmanager: string): string {
  return JSON.stringify({
    global: { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] },
    scrape_configs: [{ job_name: 'cinder-exporter', static_configs: [{ targets: [target] }] }],
  });
}
