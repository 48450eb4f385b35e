import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

/** One notification as a webhook receives it. */
export interface Notification {
  readonly receiver: string;
  readonly status: string;
  /** Of the group: what a paging service takes for one incident, from the first notification to `resolved`. */
  readonly groupKey: string;
  /** When it came, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** A real Alertmanager with the shipped example, whose receivers report to us. */
export interface Alertmanager {
  readonly url: string;
  readonly notifications: readonly Notification[];
  /** Resolves with the first notification, already here or yet to come, for which `is` holds. */
  readonly notified: (is: (notification: Notification) => boolean) => Promise<Notification>;
  /** Ends it by SIGTERM, and starts it again on the same port with the same data. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Route {
  group_wait?: string;
  group_interval?: string;
  routes?: Route[];
}

interface Configuration {
  route: Route;
  receivers: { name: string; webhook_configs?: { url: string }[] }[];
}

/** The shipped example with other receivers and all waits of 2 s; routes and inhibition are untouched. */
function configuration(webhook: string): string {
  const config = parse(
    readFileSync(new URL('../../alerts/alertmanager.example.yml', import.meta.url), 'utf8'),
  ) as Configuration;
  const hasten = (route: Route): void => {
    if (route.group_wait !== undefined) route.group_wait = '2s';
    if (route.group_interval !== undefined) route.group_interval = '2s';
    route.routes?.forEach(hasten);
  };
  hasten(config.route);
  for (const receiver of config.receivers) for (const hook of receiver.webhook_configs ?? []) hook.url = webhook;
  return stringify(config);
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts it, Debian's unless `binary` says otherwise, with the configuration that `configure` makes for the address of the webhook. */
export async function startAlertmanager(
  configure = configuration,
  binary = 'prometheus-alertmanager',
): Promise<Alertmanager> {
  const folder = mkdtempSync(join(tmpdir(), 'cinder-alertmanager-'));
  const notifications: Notification[] = [];
  const waiting = new Set<() => void>();
  const webhook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      notifications.push({ ...(JSON.parse(body) as Notification), atMs: Date.now() });
      response.end();
      for (const look of waiting) look();
    });
  });
  const hookPort = await listen(webhook);
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, 'config.yml'), configure(`http://127.0.0.1:${hookPort}/`));
  const command = [
    binary,
    `--config.file=${folder}/config.yml`,
    `--storage.path=${folder}/data`,
    `--web.listen-address=${url.slice(7)}`,
    '--cluster.listen-address=',
  ];
  const start = async (): Promise<Daemon> => {
    const daemon = startDaemon(join(folder, 'log'), command);
    await waitFor(
      'Alertmanager is ready',
      async () => {
        if (!daemon.running()) throw new Error(daemon.log());
        return (await fetch(`${url}/-/ready`)).ok || undefined;
      },
      60_000,
    ).catch(async (error: unknown) => {
      await daemon.stop();
      throw error;
    });
    return daemon;
  };
  let daemon = await start();
  return {
    url,
    notifications,
    notified: (is) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = notifications.find(is);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async restart() {
      await daemon.stop('SIGTERM');
      daemon = await start();
    },
    async stop() {
      await daemon.stop('SIGTERM');
      webhook.closeAllConnections();
      webhook.close();
      rmSync(folder, { recursive: true });
    },
  };
}
