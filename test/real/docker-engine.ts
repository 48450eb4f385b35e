import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../openstack/wait-for.ts';
import { tool } from './tool.ts';

/** A Docker engine of the suite's own, with its own storage, and the network that Docker makes. */
export interface DockerEngine {
  /** What a shell needs so that `docker` asks this engine. */
  readonly env: NodeJS.ProcessEnv;
  docker(...args: readonly string[]): string;
  /** The address at which containers reach this machine. */
  readonly gateway: string;
  stop(): Promise<void>;
}

/** Starts it in `folder`, as root. `plugins` are the client's own programs by name, such as `docker-compose`. */
export async function startDocker(folder: string): Promise<DockerEngine> {
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const at = (name: string): string => join(folder, name);
  const flags = ['--data-root', at('data'), '--exec-root', at('run'), '--pidfile', at('pid'), '--host', socket];
  mkdirSync(at('client/cli-plugins'), { recursive: true });
  const daemon = spawn('dockerd', flags, { stdio: 'ignore' });
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_CONFIG: at('client') };
  const docker = (...args: readonly string[]): string => tool(['docker', ...args], { env }).trim();
  await waitFor('the Docker engine', () => docker('version', '--format', '{{.Server.Version}}') || undefined, 30_000);
  const gateway = docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');
  return {
    env,
    docker,
    gateway,
    async stop() {
      const exited = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await exited;
      // The engine leaves the namespace of its containers' host network mounted when it has used it.
      spawnSync('umount', [at('run/netns/default')]);
    },
  };
}
