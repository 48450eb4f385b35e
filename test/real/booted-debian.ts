import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { waitFor } from '../openstack/wait-for.ts';

/** A Debian tree that was booted, with systemd as PID 1, and this machine's network. */
export interface BootedDebian {
  /** Runs a script in `folder` as root's login shell would, to its end, and gives what it printed; throws with all of it when a line fails. */
  run(script: string, folder?: string): Promise<string>;
  /** Starts a script that goes on until somebody presses Ctrl-C. */
  start(script: string, folder?: string): { interrupt(): Promise<void> };
  stop(): Promise<void>;
}

const ENVIRONMENT = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8';

/** Boots the tree, needs root. Resolves when all of its units have been started, and throws when one could not be. */
export async function bootDebian(tree: string): Promise<BootedDebian> {
  const flags = ['--quiet', '--boot', '--register=no', '--keep-unit', '--console=pipe', '--directory', tree];
  const nspawn = spawn('systemd-nspawn', flags, { stdio: 'ignore' });
  const init = await waitFor('PID 1 of the tree', () => childOf(nspawn), 20_000);
  const run = async (script: string, folder = '/root'): Promise<string> => {
    const [file = '', ...args] = inside(script, folder);
    try {
      return (await promisify(execFile)(file, args)).stdout;
    } catch (error) {
      const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
      throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error });
    }
  };
  const inside = (script: string, folder: string): string[] => {
    const enter = ['nsenter', '--target', String(init), '--all', '--root', '--wd', 'env', '--ignore-environment'];
    const shell = ['bash', '--norc', '-euo', 'pipefail', '-c', `cd ${folder}\n${script}`];
    return [...enter, ...ENVIRONMENT.split(' '), ...shell];
  };
  await waitFor(
    'systemd in the tree is running',
    async () => (await run('systemctl is-system-running --wait')).trim() === 'running' || undefined,
    60_000,
  );
  return {
    run,
    start(script, folder = '/root') {
      const [file = '', ...args] = inside(script, folder);
      const child = spawn(file, args, { stdio: 'ignore', detached: true });
      return {
        async interrupt() {
          const exited = once(child, 'exit');
          process.kill(-(child.pid as number), 'SIGINT');
          await exited;
        },
      };
    },
    async stop() {
      const exited = once(nspawn, 'exit');
      nspawn.kill('SIGTERM');
      await exited;
    },
  };
}

function childOf(parent: ChildProcess): number | undefined {
  const tasks = `/proc/${parent.pid}/task`;
  const children = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, 'utf8'));
  return children.join('').split(' ').filter(Boolean).map(Number)[0];
}
