import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { parseListenAddress } from '../web/listen.ts';
import { FLAGS, parseFlags } from './flags.ts';
import type { Surroundings } from './targets.ts';

/** Shorter than the time that a container engine gives a health check. */
const ANSWER_WITHIN_MS = 2000;

/** Before its flags in its help. */
export const HEALTHCHECK_USAGE = `Usage: cinder-exporter healthcheck [flags]

Asks the exporter in the same container whether it lives, on /-/healthy. Exit code: 0 yes, 1 no.
Without flags it asks where the running exporter listens. --web.listen-address names another address.
`;

/** Asks whether the exporter in the same container lives, without a shell: exit code 0 or 1. Takes its flags, or finds them in the running process, so that it follows `--web.listen-address`. */
export async function healthcheck(args: readonly string[], surroundings: Surroundings): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(HEALTHCHECK_USAGE);
    return 0;
  }
  const flags = args.length > 0 ? args : (flagsOfRunning(surroundings.cwd) ?? []);
  const [listen = ''] = parseFlags(flags, FLAGS).values['web.listen-address'];
  const { host, port } = parseListenAddress(listen);
  const address = { host: loopbackOf(host), port, path: '/-/healthy' };
  // What is not served over HTTP is served over HTTPS.
  const trouble = (await troubleOf(http, address)) && (await troubleOf(https, address));
  if (!trouble) return 0;
  process.stderr.write(`cinder-exporter: no answer from ${address.host} port ${port}: ${trouble}\n`);
  return 1;
}

/** An address that stands for all of them cannot be called everywhere. */
function loopbackOf(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Why there is no answer. A refusal (a password, a client certificate) is an answer: the process lives. */
function troubleOf(
  protocol: typeof http | typeof https,
  address: { readonly host: string; readonly port: number; readonly path: string },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    // The certificate names the exporter as Prometheus calls it, not this address; nothing is sent or believed.
    const request = protocol.get({ ...address, agent: false, rejectUnauthorized: false, signal }, (response) => {
      response.resume();
      // An HTTPS server answers plain HTTP with nothing, or with 400.
      resolve(response.statusCode === 400 ? 'HTTP 400' : undefined);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code?.includes('_ALERT_') ? undefined : error.message);
    });
  });
}

/** The arguments of the other process that runs this very program. Source: proc(5), `/proc/PID/cmdline`. */
function flagsOfRunning(cwd: string): readonly string[] | undefined {
  const [, script = ''] = process.argv;
  for (const pid of processIds()) {
    const argv = commandLine(pid);
    const at = argv.findIndex((arg) => arg === script || `${cwd}/${arg}` === script);
    const args = argv.slice(at + 1);
    if (at < 0 || args[0] === 'healthcheck') continue;
    return args[0] === 'serve' || args[0] === 'demo' ? args.slice(1) : args;
  }
  return undefined;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
      .toSorted((a, b) => a - b);
  } catch {
    // Not Linux.
    return [];
  }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
    return [];
  }
}
