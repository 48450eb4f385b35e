import type { Config } from '../config/config.ts';
import { AccessError } from '../openstack/clouds/files.ts';
import { loadAccess } from '../openstack/clouds/clouds.ts';
import type { Target } from '../watch/fleet.ts';

/** Where the process runs: what clouds.yaml is searched by. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

/** Reads how to reach each cloud of the configuration. Rejects with an AccessError; with no cloud configured at all it names the demo. */
export async function loadTargets(config: Config, surroundings: Surroundings): Promise<Target[]> {
  const targets = config.clouds.map((cloud): Target => {
    try {
      const access = loadAccess({ ...surroundings, ...(cloud.osCloud !== undefined && { cloud: cloud.osCloud }) });
      const { canary } = cloud;
      const canaryAccess = canary && loadAccess({ ...surroundings, cloud: canary.osCloud });
      // Without a configuration file the cloud is called as it is found: the entry of clouds.yaml, or `envvars`.
      return { config: cloud.osCloud === undefined ? { ...cloud, name: access.name } : cloud, access, canaryAccess };
    } catch (error) {
      if (!(error instanceof AccessError) || error.kind !== 'none') throw error;
      const demo = 'To see the exporter at work on a simulated cloud, run: cinder-exporter demo';
      throw new AccessError('none', `${error.message}\n${demo}`);
    }
  });
  if (targets.every(({ canaryAccess }) => canaryAccess === undefined)) return targets;
  // Most clouds have none: what is not loaded takes no time at the start, and no memory.
  const { createCanary } = await import('../canary/canary.ts');
  return targets.map((target) => ({ ...target, createCanary }));
}
