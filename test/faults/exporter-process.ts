import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseExposition, type Exposition } from '../support/exposition-parser.ts';
import { waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built program as a process of its own. */
export interface ExporterProcess {
  readonly url: string;
  readonly pid: number;
  /** All that it has written, on both streams. */
  readonly output: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly page: () => Promise<Exposition>;
  /** Asks for the page until it is so. */
  readonly until: (what: string, holds: (page: Exposition) => boolean) => Promise<Exposition>;
  /** SIGTERM, and the exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The Authorization header for the page. */
  readonly authorization?: string;
  /** What runs it, if not this Node.js. */
  readonly program?: readonly string[];
  /** A signal while it starts. */
  readonly early?: { readonly signal: NodeJS.Signals; readonly afterMs: number };
}

/** Starts `dist/main.js` on a free loopback port, and waits until it listens. */
export async function startProcess({
  cwd,
  env = {},
  args = [],
  authorization,
  program = [process.execPath],
  early,
}: ProcessOptions): Promise<ExporterProcess> {
  const { child, output } = launch([...program, MAIN, ...args, '--web.listen-address=127.0.0.1:0'], cwd, env);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (early) setTimeout(() => child.kill(early.signal), early.afterMs);
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const code = await exited;
    process.off('exit', abandon);
    return code;
  };
  const listening = (): string | undefined => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${output()}`);
    return /Listening on"?,? ?"?address"?[=:]"?([\d.]+:\d+)/.exec(output())?.[1];
  };
  // Two minutes: an emulated processor needs one.
  const address = await waitFor('the exporter listens', listening, 120_000).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const url = `http://${address}`;
  const page = async (): Promise<Exposition> => {
    const answer = await fetch(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });
    if (answer.status !== 200) throw new Error(`${answer.status}`);
    return parseExposition(await answer.text(), 'text');
  };
  return {
    url,
    pid: child.pid ?? 0,
    output,
    signal: (name) => void child.kill(name),
    page,
    stop,
    until: (what, holds) =>
      waitFor(what, async () => {
        const now = await page();
        return holds(now) ? now : undefined;
      }).catch((error: Error) => {
        throw new Error(`${error.message}\n${output().slice(-3000)}`, { cause: error });
      }),
  };
}

/** Runs the program to its end with these arguments; gives what it wrote and the exit code. */
export async function runToEnd(
  args: readonly string[],
  { cwd, env = {} }: Pick<ProcessOptions, 'cwd' | 'env'>,
): Promise<{ readonly output: string; readonly code: number | null }> {
  const { child, output } = launch([process.execPath, MAIN, ...args], cwd, env);
  // Only against hanging: then the code is null.
  const abandon = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(abandon);
  return { output: output(), code };
}

/** Starts a program with nothing of this process' environment but PATH; `output` is what it wrote so far. */
function launch([file = '', ...args]: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
  const child = spawn(file, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { child, output: () => output };
}
