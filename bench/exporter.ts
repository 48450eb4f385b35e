import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { watchOver } from './child.ts';
import type { Cloud } from './cloud.ts';
import { MAIN } from './program.ts';
import { SCRATCH } from './scratch.ts';

/** A running exporter, as users start it. */
export interface Exporter {
  readonly pid: number;
  readonly port: number;
  /** The page as it is sent, compressed. */
  readonly scrape: (path?: string) => Promise<Buffer>;
  readonly page: (path?: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

let files = 0;

/** Writes a configuration file (JSON is YAML) and returns its name. */
export function writeConfig(config: object): string {
  files += 1;
  const file = join(SCRATCH, `config-${files}.yaml`);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Without the collectors that go at a pace of their own, however short the interval is: what is measured is a refresh. */
export const LISTS_ONLY = { volumes: false, capabilities: false };

/** The configuration of one cloud that is refreshed at this interval, and on the second. */
export function oneCloud(interval: string, collectors: object = LISTS_ONLY): object {
  return {
    clouds: { bench: { os_cloud: 'envvars', interval, max_random_delay: '0s', stale_after: '7d', collectors } },
  };
}

/** Starts `node dist/main.js`, and waits until every cloud has been read once. */
export async function startExporter(environment: Cloud['environment'], config: object): Promise<Exporter> {
  const args = [MAIN, '--config.file', writeConfig(config), '--web.listen-address', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  watchOver(child);
  let log = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      const listening = /Listening on.*127\.0\.0\.1:(\d+)/.exec(log);
      if (listening) resolve(Number(listening[1]));
    });
    child.once('exit', () => reject(new Error(`the exporter ended: ${log}`)));
  });
  const scrape = (path = '/metrics'): Promise<Buffer> => fetchGzip(port, path);
  const deadline = Date.now() + 60_000;
  while ((await statusOf(port, '/-/ready')) !== 200) {
    if (Date.now() > deadline) throw new Error(`the exporter does not become ready: ${log}`);
    await sleep(50);
  }
  return {
    pid: child.pid ?? 0,
    port,
    scrape,
    page: async (path) => gunzipSync(await scrape(path)).toString(),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function fetchGzip(port: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      buffer(response).then(resolve, reject);
    }).on('error', reject);
  });
}

function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', reject);
  });
}
