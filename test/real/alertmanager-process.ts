import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse, stringify } from 'yaml';

/** One notification as a webhook receives it. */
export interface Notification {
  readonly receiver: string;
  readonly status: string;
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

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ready(url: string, ended: Promise<unknown>): Promise<void> {
  const gone = ended.then(() => {
    throw new Error('Alertmanager ended before it was ready');
  });
  for (;;) {
    const answer = await Promise.race([fetch(`${url}/-/ready`).catch(() => undefined), gone]);
    if (answer?.ok) return;
    await pause(50);
  }
}

/** Starts it with the configuration that `configure` makes for the address of the webhook. */
export async function startAlertmanager(configure = configuration): Promise<Alertmanager> {
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
  const url = `http://127.0.0.1:${await freePort()}`;
  writeFileSync(join(folder, 'config.yml'), configure(`http://127.0.0.1:${hookPort}/`));
  const child = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${folder}/config.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=${url.slice(7)}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  await ready(url, ended);
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
    async stop() {
      child.kill();
      await ended;
      process.off('exit', abandon);
      webhook.closeAllConnections();
      webhook.close();
      rmSync(folder, { recursive: true });
    },
  };
}
