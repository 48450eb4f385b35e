import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseExposition } from '../support/exposition-parser.ts';
import type { Exposition, ExpositionFormat } from '../support/exposition-parser.ts';
import { waitFor } from '../support/wait-for.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const run = promisify(execFile);

const ACCEPT: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
};

export interface ExporterOptions {
  /** The cloud's variables; of the environment of the test only PATH comes along. */
  readonly environment: Readonly<Record<string, string>>;
  /** Contents of the configuration file. */
  readonly config?: string;
  readonly args?: readonly string[];
}

/** The built exporter as a process of its own. */
export interface Exporter {
  readonly url: string;
  /** The log so far, line by line. */
  readonly logs: readonly string[];
  /** The page, parsed. */
  metrics(format?: ExpositionFormat): Promise<Exposition>;
  /** Asks for the page until `holds` is true of it, and gives that page. */
  waitFor(what: string, holds: (page: Exposition) => boolean, deadlineMs?: number): Promise<Exposition>;
  /** Throws with promtool's words unless `promtool check metrics` has nothing to say about the page. */
  checkMetrics(): Promise<void>;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `dist/main.js` on a free loopback port and waits until it listens. */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-exporter-test-'));
  const args = [main, '--web.listen-address', '127.0.0.1:0', ...(options.args ?? [])];
  if (options.config !== undefined) {
    await writeFile(join(folder, 'config.yaml'), options.config);
    args.push('--config.file', join(folder, 'config.yaml'));
  }
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      logs.push(...lines);
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const code = await exited;
    process.off('exit', abandon);
    await rm(folder, { recursive: true, force: true });
    return code;
  };
  const address = await waitFor(
    'the exporter listens',
    () => {
      const told = logs.flatMap((line) => /msg="Listening on".* address=(\S+)/.exec(line)?.[1] ?? []);
      if (told.length === 0 && child.exitCode !== null) throw new Error(`it ended: ${logs.join('\n')}`);
      return told[0];
    },
    60_000,
  ).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const url = `http://${address}`;
  const page = async (format: ExpositionFormat): Promise<string> => {
    const response = await fetch(`${url}/metrics`, { headers: { accept: ACCEPT[format] } });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`/metrics: ${response.status} ${text}`);
    return text;
  };
  const metrics: Exporter['metrics'] = async (format = 'text') => parseExposition(await page(format), format);
  return {
    url,
    logs,
    metrics,
    waitFor: (what, holds, deadlineMs = 60_000) =>
      waitFor(
        what,
        async () => {
          const parsed = await metrics();
          return holds(parsed) ? parsed : undefined;
        },
        deadlineMs,
      ).catch(async (error: Error) => {
        throw new Error(`${error.message}\n${await page('text').catch(String)}\n${logs.slice(-30).join('\n')}`, {
          cause: error,
        });
      }),
    checkMetrics: async () => {
      const check = run('promtool', ['check', 'metrics']);
      check.child.stdin?.end(await page('text'));
      const { stdout, stderr } = await check;
      if (stdout + stderr !== '') throw new Error(`promtool check metrics: ${stdout}${stderr}`);
    },
    stop,
  };
}
