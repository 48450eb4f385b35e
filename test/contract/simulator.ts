import { manualClock } from '../support/manual-clock.ts';
import type { CloudDefinition, JsonObject } from '../../src/simulator/definition.ts';
import { MONITOR_POLICY } from '../support/monitor-policy.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { BASE_STATS, VOLUME_TYPES } from './base.ts';
import type { Release } from '../lab/release.ts';
import type { Cloud } from './cloud.ts';
import { loginBody, projectId } from './login-body.ts';

const statsPeriodMs = 3000;
/** Real time: long enough that an answer that needs no scheduler is there before, on a busy machine as well. */
const rpcTimeoutMs = 2000;

/** The contract's cloud as the simulator, by a clock that moves between two questions only. */
export async function startSimulatorCloud(release: Release = 21): Promise<Cloud> {
  const clock = manualClock(Date.now());
  const simulator = await startSimulator({
    clock,
    release: String(release) as '21',
    cloud: definition(),
    settings: {
      pollIntervalMs: statsPeriodMs,
      reportIntervalMs: 2000,
      serviceDownTimeMs: 6000,
      rpcResponseTimeoutMs: rpcTimeoutMs,
      keepAlive: false,
      dateHeader: false,
      gzip: false,
    },
  });
  const faults = simulator.cloud;
  const appcred = simulator.environment('appcred');
  faults.setPolicy(MONITOR_POLICY);
  return {
    identityUrl: simulator.authUrl,
    volumeUrl: `${simulator.url}/volume/v3`,
    statsPeriodMs,
    timing: { rpcTimeoutMs, promptMs: rpcTimeoutMs * 0.9, deadlineMs: 60_000 },
    now: () => clock.now(),
    letTimePass: async () => clock.advance(250),
    loginBody: (who) => loginBody(simulator.environment(who)),
    credential: {
      id: String(appcred['OS_APPLICATION_CREDENTIAL_ID']),
      name: 'lab',
      secret: String(appcred['OS_APPLICATION_CREDENTIAL_SECRET']),
      user: 'admin',
    },
    projects: {
      admin: await projectId(simulator.environment('admin')),
      demo: await projectId(simulator.environment('member')),
    },
    stats: async (backend, patch) => faults.setDriver(nameOf(backend), patch as JsonObject),
    stop: async (unit) =>
      unit === 'cinder-scheduler' ? faults.stopScheduler() : faults.stopService('cinder-volume', hostOf(unit)),
    start: async (unit) =>
      unit === 'cinder-scheduler' ? faults.startScheduler() : faults.startService('cinder-volume', hostOf(unit)),
    failSetUp: async (backend, reason) => {
      faults.setDriver(nameOf(backend), { _fail_setup: reason });
      faults.restartService('cinder-volume', `lab@${backend}`);
    },
    disable: async (host, reason) => faults.disable(host, reason),
    enable: async (host) => faults.enable(host),
    freeze: async (host) => faults.freeze(host),
    thaw: async (host) => faults.thaw(host),
    failOver: async (host, to) => (to === 'default' ? faults.failback(host) : faults.failover(host, to)),
    remove: async (backend) => {
      faults.removeBackend(`lab@${backend}`);
      faults.removeService('cinder-volume', `lab@${backend}`);
    },
    restore: async (backend) => faults.addBackend({ host: `lab@${backend}`, driver: driver(backend) }),
    down: () => simulator.close(),
  };
}

/** A driver's name for the simulator: the cluster's, where there is one. */
function nameOf(backend: string): string {
  return backend === 'clustered' ? 'labcluster@clustered' : `lab@${backend}`;
}

function hostOf(unit: string): string {
  return unit.replace(/^volume-/, 'lab@');
}

function driver(backend: string): JsonObject {
  return {
    vendor_name: 'Lab',
    driver_version: '1.0.0',
    storage_protocol: 'iSCSI',
    ...(BASE_STATS[backend] as JsonObject),
  };
}

function definition(): CloudDefinition {
  const cluster = 'labcluster@clustered';
  return {
    backends: [
      { host: 'lab@single', driver: driver('single') },
      { host: 'lab@pools', driver: driver('pools') },
      { host: 'lab@clustered', cluster, driver: driver('clustered') },
      { host: 'lab-b@clustered', cluster, driver: driver('clustered') },
    ],
    schedulers: ['lab'],
    backups: ['lab'],
    volumeTypes: Object.entries(VOLUME_TYPES).map(([name, extraSpecs]) => ({ name, extraSpecs })),
  };
}
