import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import { startDaemon } from './daemon.ts';
import { tool } from './tool.ts';

/** A Docker engine of the suite's own, with its own storage, and the network that Docker makes. */
export interface DockerEngine {
  /** What a shell needs so that `docker` asks this engine. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder for the client's own programs, such as `docker-compose`. */
  readonly plugins: string;
  docker(...args: readonly string[]): string;
  /** The address at which containers reach this machine. */
  readonly gateway: string;
  stop(): Promise<void>;
}

/** Starts it in `folder`, as root. */
export async function startDocker(folder: string): Promise<DockerEngine> {
  const at = (name: string): string => join(folder, name);
  const socket = `unix://${at('docker.sock')}`;
  const plugins = at('client/cli-plugins');
  mkdirSync(plugins, { recursive: true });
  const flags = ['--data-root', at('data'), '--exec-root', at('run'), '--pidfile', at('pid'), '--host', socket];
  const daemon = startDaemon(at('log'), ['dockerd', ...flags]);
  const stop = async (): Promise<void> => {
    await daemon.stop('SIGTERM');
    // The engine leaves the namespace of its containers' host network mounted when it has used it.
    spawnSync('umount', [at('run/netns/default')]);
  };
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_CONFIG: at('client') };
  const docker = (...args: readonly string[]): string => tool(['docker', ...args], { env }).trim();
  try {
    await waitFor('the Docker engine', () => docker('version', '--format', '{{.Server.Version}}') || undefined, 60_000);
    // Of a bridge that was just made the engine does not know the gateway until its next start (moby, issue 26799). It is the first address of the subnet.
    const subnet = docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Subnet}}');
    const gateway = subnet.replace(/\.\d+\/\d+$/, '.1');
    return { env, plugins, docker, gateway, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${daemon.log()}`, { cause: error });
  }
}
