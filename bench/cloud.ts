import { startChild, type Child } from './child.ts';
import type { CloudSpec, CloudStats } from './cloud-process.ts';

/** A simulated cloud in another process. */
export interface Cloud {
  readonly backends: number;
  /** `OS_*` variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stats: () => Promise<CloudStats>;
  readonly reset: () => Promise<void>;
  /** Each event is a name of `faults.ts` with its arguments. */
  readonly happen: (...events: readonly (readonly [string, ...unknown[]])[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Cinder's periods so long that nothing but what the benchmark does changes the answers. */
export const STILL = {
  pollIntervalMs: 86_400_000,
  reportIntervalMs: 86_400_000,
  serviceDownTimeMs: 7 * 86_400_000,
  tokenLifeMs: 86_400_000,
};

/** Starts clouds that share one process. */
export async function startClouds(specs: readonly CloudSpec[]): Promise<Cloud[]> {
  const child = startChild('cloud-process.ts');
  const clouds: Cloud[] = [];
  for (const spec of specs) clouds.push(await startIn(child, spec));
  return clouds;
}

/** Starts a cloud in a process of its own. */
export async function startCloud(spec: CloudSpec): Promise<Cloud> {
  return startIn(startChild('cloud-process.ts'), spec);
}

async function startIn(child: Child, spec: CloudSpec): Promise<Cloud> {
  const { index, environment } = await child.ask<{ index: number; environment: Record<string, string> }>('start', spec);
  return {
    backends: spec.backends,
    environment,
    stats: () => child.ask('stats', index),
    reset: () => child.ask('reset', index),
    happen: (...events) => child.ask('happen', [index, events]),
    stop: child.stop,
  };
}

/** A token for the user and the project of `OS_*` variables. */
export async function login(environment: Readonly<Record<string, string>>): Promise<string> {
  const { OS_AUTH_URL = '', OS_USERNAME: name = '', OS_PASSWORD: password = '', OS_PROJECT_NAME = '' } = environment;
  const domain = { id: 'default' };
  const identity = { methods: ['password'], password: { user: { name, domain, password } } };
  const answer = await fetch(`${OS_AUTH_URL}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project: { name: OS_PROJECT_NAME, domain } } } }),
  });
  await answer.text();
  const token = answer.headers.get('x-subject-token');
  if (token === null) throw new Error(`login: ${answer.status}`);
  return token;
}

/** The two answers that a refresh reads, as bytes. */
export async function readBodies({ environment }: Cloud): Promise<{ services: Buffer; pools: Buffer }> {
  const headers = { 'x-auth-token': await login(environment), 'openstack-api-version': 'volume 3.49' };
  const get = async (path: string): Promise<Buffer> => {
    const answer = await fetch(new URL(`/volume/v3/${path}`, environment['OS_AUTH_URL']), { headers });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  };
  return { services: await get('os-services'), pools: await get('scheduler-stats/get_pools?detail=true') };
}
