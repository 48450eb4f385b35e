import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';

/** A simulated cloud without faults, and the `clouds.yaml` that an operator of it writes. */
export interface WatchedCloud {
  readonly simulator: Simulator;
  readonly cloudsYaml: string;
  /** The same login as variables, a line each. */
  readonly openrc: string;
}

/** Starts it. `host` is the address that it is reached at; the loopback interface by default. */
export async function startWatchedCloud(host = '127.0.0.1'): Promise<WatchedCloud> {
  const cloud = {
    backends: [{ host: 'c1@ssd', driver: { backend_state: 'up', total_capacity_gb: 100, free_capacity_gb: 50 } }],
    schedulers: ['c1'],
  };
  const simulator = await startSimulator({ cloud, host });
  const variables = simulator.environment('appcred');
  const cloudsYaml = `clouds:
  production:
    auth_type: v3applicationcredential
    auth:
      auth_url: ${variables['OS_AUTH_URL']}
      application_credential_id: ${variables['OS_APPLICATION_CREDENTIAL_ID']}
      application_credential_secret: ${variables['OS_APPLICATION_CREDENTIAL_SECRET']}
    region_name: RegionOne
`;
  const openrc = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  return { simulator, cloudsYaml, openrc: openrc.join('') };
}
