import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { ALERTS_FOLDER } from '../alerts-folder.ts';
import { hastened, renderRules } from '../rules/render.ts';
import { defaultSettings, scaleDurations } from '../rules/settings.ts';
import { FlagError } from './flags.ts';
import { findProgram, startProgram } from './program.ts';

/** The rules' durations and the waits of Alertmanager are multiplied by this: a fault of the demo lasts a minute or two. */
const SCALE = 0.1;

/** Prometheus and Alertmanager, as they are called on this machine. */
export interface AlertPrograms {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** A Prometheus and an Alertmanager that run beside the demo. */
export interface Alerting {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** Ends both and deletes what they have stored. */
  readonly stop: () => Promise<void>;
}

/** Looks for both on PATH. Throws a FlagError that says what is missing. */
export function findAlertPrograms(path: string | undefined): AlertPrograms {
  const prometheus = findProgram(['prometheus'], path);
  const alertmanager = findProgram(['prometheus-alertmanager', 'alertmanager'], path);
  if (prometheus !== undefined && alertmanager !== undefined) return { prometheus, alertmanager };
  const missing = [
    ...(prometheus === undefined ? ['prometheus'] : []),
    ...(alertmanager === undefined ? ['alertmanager (or prometheus-alertmanager)'] : []),
  ];
  throw new FlagError(`--alerts: expected Prometheus and Alertmanager on PATH, did not find ${missing.join(' and ')}`);
}

/** Starts both on loopback with the shipped rules and the shipped example, in a temporary folder; `write` gets a line for each notification. */
export async function startAlerting(
  programs: AlertPrograms,
  target: { readonly address: string; readonly path: string },
  write: (line: string) => void,
): Promise<Alerting> {
  const ends: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'cinder-exporter-demo-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };

    const pager = await startPager(write);
    ends.push(pager.close);
    const example = await readFile(new URL('alertmanager.example.yml', ALERTS_FOLDER), 'utf8');
    const routes = await file('alertmanager.yml', hastened(example, SCALE, pager.urlOf));
    const alertmanager = await startProgram(programs.alertmanager, (address) => [
      `--config.file=${routes}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ]);
    ends.push(alertmanager.stop);

    const rules = await file('cinder.rules.yml', renderRules(scaleDurations(defaultSettings(), SCALE)));
    const config = await file('prometheus.yml', prometheusConfig(rules, target, alertmanager.url));
    const prometheus = await startProgram(programs.prometheus, (address) => [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
    ]);
    ends.push(prometheus.stop);
    return { prometheusUrl: prometheus.url, alertmanagerUrl: alertmanager.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** JSON is YAML. */
function prometheusConfig(rules: string, target: { address: string; path: string }, alertmanagerUrl: string): string {
  return JSON.stringify({
    global: { scrape_interval: '5s', scrape_timeout: '5s' },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanagerUrl).host] }] }] },
    scrape_configs: [
      {
        job_name: 'cinder-exporter',
        metrics_path: target.path,
        static_configs: [{ targets: [target.address] }],
      },
    ],
  });
}

/** A receiver for the webhooks of Alertmanager. */
export interface Pager {
  /** Where notifications for a receiver of Alertmanager go. */
  readonly urlOf: (receiver: string) => string;
  readonly close: () => void;
}

const labels = z.record(z.string(), z.string());
const notification = z.object({
  receiver: z.string(),
  alerts: z.array(z.object({ status: z.string(), labels, annotations: labels })),
});

/** Longest notification that is read, in characters. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Listens on a free loopback port, and writes a line for each alert that it is told of. */
export async function startPager(write: (line: string) => void): Promise<Pager> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
      if (body.length > MAX_LENGTH) request.destroy();
    });
    request.on('end', () => {
      const lines = linesOf(body);
      for (const line of lines ?? []) write(line);
      response.writeHead(lines ? 200 : 400).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (receiver) => `http://127.0.0.1:${port}/${encodeURIComponent(receiver)}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A line for each alert of a notification, with a line feed; undefined when it is none. */
export function linesOf(body: string, now = new Date()): readonly string[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { success, data } = notification.safeParse(json);
  if (!success) return undefined;
  const time = now.toTimeString().slice(0, 8);
  const kind = data.receiver === 'pager' ? 'PAGE' : data.receiver;
  return data.alerts.map(({ status, labels: of, annotations }) => {
    const what =
      status === 'resolved'
        ? ['resolved', of['host'] ?? of['volume_type'] ?? '']
        : [kind, annotations['description'] ?? ''];
    const [word = '', text = ''] = what;
    return `${`${time}  ${word.padEnd(8)}  ${of['alertname']}  ${text}`.replaceAll(/\p{Cc}/gu, ' ').trimEnd()}\n`;
  });
}
