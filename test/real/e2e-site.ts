import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hastened, renderRules } from '../../src/rules/render.ts';
import { parseSettings, scaleDurations } from '../../src/rules/settings.ts';
import { send } from '../lab/answer.ts';
import { type Exporter, startExporter } from '../support/exporter.ts';
import { freePorts } from '../lab/free-port.ts';
import { type Lab, startLab, type Who } from '../lab/lab.ts';
import { type Alertmanager, startAlertmanager } from './alertmanager-process.ts';
import { type Prometheus, startPrometheus } from './prometheus-process.ts';

/** What every duration of the rules and every wait of Alertmanager is multiplied by. */
export const SCALE = 0.05;

/**
 * Settings of the rules that differ from the shipped ones, before scaling: a day of `for` would still be more than an hour, and no scale makes a scheduler
 * start faster, which takes ten seconds on a busy machine. Heartbeats come every ten seconds at every scale: what is told by their age keeps its real threshold.
 * An hour at this pace holds several scenes, each with outages of its own: what is together more than three of them is no flapping.
 */
const SETTINGS = [
  'service_disabled_for=15m',
  'service_frozen_for=15m',
  'scheduler_down_for=6m',
  'scheduler_not_answering_for=6m',
  'backend_flapping_changes=20',
  'clock_skew=10m',
  'exporter_clock_ahead=100m',
];

/** How often Prometheus sends a firing alert again, scaled as well. Four times that is how long it lives in Alertmanager without Prometheus. */
const RESEND_MS = 60_000 * SCALE;
/** The shortest `for` that a restart restores, scaled as well (ten minutes; the documentation advises one). */
const FLAGS = [`--rules.alert.for-grace-period=${60 * SCALE}s`];

/** How long Prometheus sends an alert that ended: `resolvedRetention`, rules/alerting.go, no setting. */
export const RESOLVED_RETENTION_MS = 15 * 60_000 * SCALE;

/** What a Prometheus of ours scrapes in milliseconds: at the shipped rules' pace. */
const SCRAPE_MS = 1000;

/** The exporter's own times, shorter in about the same measure. Its pauses have no setting, and are as long as ever. */
export const EXPORTER_CONFIG = `
defaults:
  interval: 1500ms
  max_random_delay: 0s
  stale_after: 8s
  volume_types_interval: 5s
  timeouts:
    scheduler_patience: 4s
`;

/** Whether cinder-volume answers takes minutes of real time to tell, at every scale: probes.test.ts. */
const ONLY_LISTS = '  collectors: {capabilities: false}\n';

export interface SiteOptions {
  /** Of the lab. */
  readonly backends: readonly string[];
  /** Whom the exporter logs in as. */
  readonly who: Who;
  /** Of the exporter, more lines of the `defaults`. */
  readonly config?: string;
  /** Brings the lab into the state that counts as healthy, before anybody looks. */
  readonly prepare?: (lab: Lab) => Promise<unknown>;
}

/** A real Prometheus with the shipped rules, and a real Alertmanager with the shipped example, both at `SCALE`. */
export interface Paging {
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
  readonly close: () => Promise<void>;
}

/** These, a real Cinder, and the exporter beside it. */
export interface Site extends Paging {
  readonly lab: Lab;
  readonly startExporter: () => Promise<void>;
  readonly stopExporter: () => Promise<void>;
  /** What everybody logged last, for a failure. */
  readonly logs: () => Promise<string>;
}

/** Starts one and waits until the exporter has read the cloud. */
export async function startSite({ backends, who, config = ONLY_LISTS, prepare }: SiteOptions): Promise<Site> {
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
      exporter = await startExporter({
        environment,
        config: EXPORTER_CONFIG + config,
        args: ['--web.listen-address', address],
      });
    };
    ends.push(stop);
    await start();
    await exporter?.waitFor('everything was read', (page) =>
      ['services', 'pools'].every((collector) => page.value('cinder_scrape_collector_success', { collector }) === 1),
    );

    const { prometheus, alertmanager, close: closePaging } = await startPaging(address);
    ends.push(closePaging);

    const logs = async (): Promise<string> => `${(exporter?.logs ?? []).slice(-60).join('\n')}\n${await lab.logs()}`;
    return { lab, prometheus, alertmanager, startExporter: start, stopExporter: stop, logs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Starts what pages for the exporter at this address. `livesMs`: how long an alert that fires lives in Alertmanager when a busy machine keeps Prometheus from
 * sending it again; at the scaled pace that is 12 s. `more`: settings beside ours, before scaling.
 */
export async function startPaging(
  exporter: string,
  livesMs = 4 * RESEND_MS,
  more: readonly string[] = [],
): Promise<Paging> {
  const ends: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const example = await readFile(new URL('../../alerts/alertmanager.example.yml', import.meta.url), 'utf8');
    const alertmanager = await startAlertmanager((webhook) => hastened(example, SCALE, () => webhook));
    ends.push(() => alertmanager.stop());

    const folder = await mkdtemp(join(tmpdir(), 'cinder-alerts-'));
    ends.push(() => rm(folder, { recursive: true }));
    const rules = join(folder, 'cinder.rules.yml');
    await writeFile(rules, renderRules(scaleDurations(parseSettings([...SETTINGS, ...more]), SCALE)));
    const sender = await startSender(alertmanager.url);
    ends.push(() => sender.stop());
    const prometheus = await startPrometheus('prometheus', prometheusConfig(rules, exporter, sender.address), [
      ...FLAGS,
      `--rules.alert.resend-delay=${livesMs / 4}ms`,
    ]);
    ends.push(() => prometheus.stop());
    return { prometheus, alertmanager, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function prometheusConfig(rules: string, target: string, alertmanager: string): string {
  return JSON.stringify({
    global: { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: 'cinder-exporter', static_configs: [{ targets: [target] }] }],
  });
}

/**
 * Stands between Prometheus and Alertmanager and ends the sending of what is over after the scaled time, which Prometheus has as a constant: without it
 * Alertmanager would hear for a quarter of an hour, longer than any scene, of what ended while it was muted.
 */
async function startSender(
  alertmanager: string,
): Promise<{ readonly address: string; readonly stop: () => Promise<void> }> {
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const alerts = JSON.parse(await text(request)) as { readonly endsAt: string }[];
    const body = alerts.filter(({ endsAt }) => Date.parse(endsAt) > Date.now() - RESOLVED_RETENTION_MS);
    // When Alertmanager is away Prometheus sees it so.
    const answer = await send(`${alertmanager}${request.url}`, { body }).catch(() => undefined);
    response.writeHead(answer?.status ?? 502).end(answer?.text);
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  const [port] = await freePorts(1);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
