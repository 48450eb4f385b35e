import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../user-error.ts';

/** A program with a web server that we started. */
export interface Program {
  readonly url: string;
  /** SIGTERM, and SIGKILL when that is not enough; resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const END_WITHIN_MS = 5000;

/** The first of these that is an executable file in a folder of `path` (the variable PATH); undefined without one. */
export function findProgram(names: readonly string[], path = ''): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Starts it on a free loopback port, with the arguments for that address, and waits until `/-/ready`. Rejects with what it said last. */
export async function startProgram(file: string, argsFor: (address: string) => readonly string[]): Promise<Program> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(file, argsFor(address), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error'] as const) {
      child.once(event, () => {
        ended = true;
        resolve();
      });
    }
  });
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const last = setTimeout(abandon, END_WITHIN_MS);
    await end;
    clearTimeout(last);
    process.off('exit', abandon);
  };
  const url = `http://${address}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(url))) {
    if (ended || performance.now() > deadline) {
      await stop();
      throw new UserError(`--alerts: ${file} did not get ready: ${said.trim()}`);
    }
    await pause(100);
  }
  return { url, stop };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
  return answer?.ok === true;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
