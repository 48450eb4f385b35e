import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../test/lab/free-port.ts';
import { PROGRAM_CACHE } from '../test/lab/program-cache.ts';
import { watchOver } from './child.ts';
import { SCRATCH } from './scratch.ts';

/** The commit that README and docs/migrating-from-openstack-exporter.md speak of. */
const MODULE = 'github.com/openstack-exporter/openstack-exporter@a94a54f';

/** Every service but the one that is compared. */
const OTHER_SERVICES = [
  'network',
  'compute',
  'image',
  'identity',
  'object-store',
  'load-balancer',
  'container-infra',
  'dns',
  'baremetal',
  'gnocchi',
  'database',
  'orchestration',
  'placement',
];
/** What it collects of Cinder beyond services and pools. */
const BEYOND_BACKENDS = ['volumes', 'volume_status', 'snapshots', 'limits_volume_max_gb'];

/** openstack-exporter as a program, or why there is none. */
export type Peer = { readonly program: string } | { readonly missing: string };

export interface RunningPeer {
  readonly pid: number;
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The program of OPENSTACK_EXPORTER, or one that Go builds and that stays in the cache of the user. */
export function findPeer(): Peer {
  const given = process.env['OPENSTACK_EXPORTER'];
  if (given !== undefined) return existsSync(given) ? { program: given } : { missing: `no file ${given}` };
  const folder = join(PROGRAM_CACHE, MODULE.replaceAll(/[^\w.@-]+/g, '_'));
  const program = join(folder, 'openstack-exporter');
  if (existsSync(program)) return { program };
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('go', ['install', '-trimpath', '-buildvcs=false', MODULE], {
      env: { ...process.env, GOBIN: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return { program };
  } catch (error) {
    const { code, stderr } = error as Error & { code?: string; stderr?: Buffer };
    if (code === 'ENOENT') return { missing: 'Go is not installed' };
    return { missing: `go install ${MODULE} failed: ${stderr?.toString().trim().split('\n').at(-1)?.trim() ?? ''}` };
  }
}

/** Starts it with its Cinder part alone; `backendsOnly` leaves out volumes, snapshots and quotas. */
export async function startPeer(
  program: string,
  environment: Readonly<Record<string, string>>,
  { backendsOnly }: { readonly backendsOnly: boolean },
): Promise<RunningPeer> {
  const [port = 0] = await freePorts(1);
  const clouds = join(SCRATCH, `clouds-${port}.yaml`);
  const auth = Object.fromEntries(
    ['auth_url', 'username', 'password', 'project_name', 'user_domain_name', 'project_domain_name'].flatMap((key) => {
      const value = environment[`OS_${key.toUpperCase()}`];
      return value === undefined ? [] : [[key, value]];
    }),
  );
  const region = environment['OS_REGION_NAME'];
  writeFileSync(clouds, JSON.stringify({ clouds: { bench: { auth, ...(region && { region_name: region }) } } }));
  const child = spawn(
    program,
    [
      `--os-client-config=${clouds}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...OTHER_SERVICES.map((service) => `--disable-service.${service}`),
      ...(backendsOnly ? BEYOND_BACKENDS.map((metric) => `--disable-metric=cinder-${metric}`) : []),
      'bench',
    ],
    { env: {}, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  watchOver(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-2000)));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`openstack-exporter ended: ${log}`);
  });
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([ended, listens(url)]);
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function listens(url: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const there = await fetch(url).then(
      (answer) => answer.text().then(() => true),
      () => false,
    );
    if (there) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error(`nobody listens on ${url}`);
}
