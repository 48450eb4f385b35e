import { setTimeout as pause } from 'node:timers/promises';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { BASE_STATS, VOLUME_TYPES } from './base.ts';
import type { Cloud, Who } from './cloud.ts';
import { loginBody, projectId } from './login-body.ts';

/** A busy machine needs more than five seconds for what goes through the driver. */
const rpcTimeoutSeconds = 10;

/** The contract's cloud as a real Keystone and Cinder. */
export async function startLabCloud(): Promise<Cloud> {
  const lab = await startLab({ backends: ['single', 'pools', 'clustered', 'clustered-b'], rpcTimeoutSeconds });
  try {
    return await labCloud(lab);
  } catch (error) {
    await lab.down();
    throw error;
  }
}

async function labCloud(lab: Lab): Promise<Cloud> {
  const environments = new Map<Who, Readonly<Record<string, string>>>();
  for (const who of ['admin', 'system', 'appcred', 'member', 'reader', 'monitor'] as const) {
    environments.set(who, await lab.environment(who));
  }
  await Promise.all(
    Object.entries(BASE_STATS).flatMap(([name, stats]) => [
      lab.backend(name, stats),
      ...(name === 'clustered' ? [lab.backend('clustered-b', stats)] : []),
    ]),
  );
  await createTypes(lab);
  const act = async (action: string, host: string, more: Record<string, unknown> = {}): Promise<void> => {
    const answer = await lab.action(action, { host, ...more });
    if (answer.status >= 300) throw new Error(`${action} ${host}: ${answer.status} ${answer.text}`);
  };
  const volume = { binary: 'cinder-volume' };
  const credentialId = String(environments.get('appcred')?.['OS_APPLICATION_CREDENTIAL_ID']);
  return {
    identityUrl: `${lab.keystone}/v3`,
    volumeUrl: `${lab.cinder}/v3`,
    statsPeriodMs: 3000,
    timing: { rpcTimeoutMs: rpcTimeoutSeconds * 1000, promptMs: 2000, deadlineMs: 60_000 },
    now: Date.now,
    letTimePass: () => pause(150),
    loginBody: (who) => loginBody(environments.get(who) ?? {}),
    credential: { id: credentialId, name: 'lab', secret: 'lab-appcred-secret', user: 'admin' },
    projects: {
      admin: await projectId(await lab.environment('admin')),
      demo: await projectId(await lab.environment('member')),
    },
    stats: async (backend, patch) => {
      await lab.backend(backend, patch);
      if (backend === 'clustered') await lab.backend('clustered-b', patch);
    },
    stop: (unit) => lab.stop(unit),
    start: (unit) => lab.start(unit),
    failSetUp: async (backend, reason) => {
      await lab.backend(backend, { _fail_setup: reason });
      await lab.restart(`volume-${backend}`);
    },
    disable: (host, reason) =>
      reason === undefined
        ? act('disable', host, volume)
        : act('disable-log-reason', host, { ...volume, disabled_reason: reason }),
    enable: async (host) => {
      const answer = await lab.enable(host);
      if (answer.status >= 300) throw new Error(`enable ${host}: ${answer.status} ${answer.text}`);
    },
    freeze: (host) => act('freeze', host),
    thaw: (host) => act('thaw', host),
    failOver: (host, to) => act('failover_host', host, { backend_id: to }),
    remove: (backend) => lab.remove(backend),
    restore: (backend) => lab.restore(backend),
    down: () => lab.down(),
  };
}

async function createTypes(lab: Lab): Promise<void> {
  for (const [name, extraSpecs] of Object.entries(VOLUME_TYPES)) await lab.volumeType(name, extraSpecs);
}
