import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseExposition, type Exposition, type ExpositionFormat } from './exposition-parser.ts';
import { waitFor } from './wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const ACCEPT: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
};

/** The built program as a process of its own. */
export interface Exporter {
  readonly url: string;
  readonly pid: number;
  /** The log so far, line by line. */
  readonly logs: readonly string[];
  /** All that it has written, on both streams. */
  readonly output: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** The page as it is sent, and parsed. */
  readonly page: (format?: ExpositionFormat) => Promise<string>;
  readonly metrics: (format?: ExpositionFormat) => Promise<Exposition>;
  /** Asks for the page until `holds` is true of it, and gives that page. */
  readonly waitFor: (what: string, holds: (page: Exposition) => boolean, deadlineMs?: number) => Promise<Exposition>;
  /** SIGTERM, and the exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface ExporterOptions {
  /** The cloud's variables; of the environment of the test only PATH comes along. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Contents of the configuration file. */
  readonly config?: string;
  readonly args?: readonly string[];
  /** Where it runs, if not in a folder of its own. */
  readonly cwd?: string;
  /** The Authorization header for the page. */
  readonly authorization?: string;
  /** What runs it, if not this Node.js. */
  readonly program?: readonly string[];
  /** A signal while it starts. */
  readonly early?: { readonly signal: NodeJS.Signals; readonly afterMs: number };
}

/** Starts `dist/main.js` on a free loopback port, and waits until it listens. */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const { environment = {}, config, authorization, program = [process.execPath], early } = options;
  const scratch = mkdtempSync(join(tmpdir(), 'cinder-exporter-test-'));
  const args = [...(options.args ?? []), '--web.listen-address=127.0.0.1:0'];
  if (config !== undefined) {
    writeFileSync(join(scratch, 'config.yaml'), config);
    args.push(`--config.file=${join(scratch, 'config.yaml')}`);
  }
  const { child, output, logs } = launch([...program, MAIN, ...args], options.cwd ?? scratch, environment);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (early) setTimeout(() => child.kill(early.signal), early.afterMs);
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const code = await exited;
    process.off('exit', abandon);
    rmSync(scratch, { recursive: true, force: true });
    return code;
  };
  const ended = new Promise<'ended'>((resolve) => child.once('close', () => resolve('ended')));
  const listening = async (): Promise<string | undefined> => {
    const address = /Listening on"?,? ?"?address"?[=:]"?([\d.]+:\d+)/.exec(output())?.[1];
    if (address !== undefined || (child.exitCode === null && child.signalCode === null)) return address;
    return ended;
  };
  // Two minutes: an emulated processor needs one.
  const address = await waitFor('the exporter listens', listening, 120_000).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  if (address === 'ended') {
    await stop();
    throw new Error(`it ended: ${output()}`);
  }
  const url = `http://${address}`;
  const page: Exporter['page'] = async (format = 'text') => {
    const headers = { accept: ACCEPT[format], ...(authorization !== undefined && { authorization }) };
    const answer = await fetch(`${url}/metrics`, { headers });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status} ${text}`);
    return text;
  };
  const metrics: Exporter['metrics'] = async (format = 'text') => parseExposition(await page(format), format);
  return {
    url,
    pid: child.pid ?? 0,
    logs,
    output,
    signal: (name) => void child.kill(name),
    page,
    metrics,
    stop,
    waitFor: (what, holds, deadlineMs) =>
      waitFor(
        what,
        async () => {
          const now = await metrics();
          return holds(now) && now;
        },
        deadlineMs,
      ).catch(async (error: Error) => {
        const last = await page().catch(String);
        throw new Error(`${error.message}\n${last}\n${output().slice(-3000)}`, { cause: error });
      }),
  };
}

/** Starts a program with nothing of this process' environment but PATH; `output` is what it wrote so far, `logs` its whole lines. */
function launch([file = '', ...args]: readonly string[], cwd: string, environment: Readonly<Record<string, string>>) {
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const logs: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      logs.push(...lines);
    });
  }
  return { child, output: () => output, logs };
}
