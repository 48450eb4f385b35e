import { readFileSync, readdirSync } from 'node:fs';
import { waitFor } from '../support/wait-for.ts';
import { startDaemon } from './daemon.ts';
import { pageShell, type PageShell } from './page-shell.ts';

/** A Debian tree that was booted, with systemd as PID 1, and this machine's network. */
export interface BootedDebian {
  /** What root types there, in a folder. */
  shell(folder: string): PageShell;
  stop(): Promise<void>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Boots the tree, needs root. Resolves when all of its units have been started, and throws with what it said when one could not be. */
export async function bootDebian(tree: string): Promise<BootedDebian> {
  const flags = ['--quiet', '--boot', '--register=no', '--keep-unit', '--console=pipe', '--directory', tree];
  const nspawn = startDaemon(`${tree}.log`, ['systemd-nspawn', ...flags]);
  const started = new Set<ReturnType<PageShell['start']>>();
  const stop = async (): Promise<void> => {
    // systemd stops everything before it ends it, and nsenter would stand still with what it waits for.
    for (const one of started) await one.interrupt();
    await nspawn.stop('SIGTERM');
  };
  try {
    const env = { PATH, HOME: '/root', LC_ALL: 'C.UTF-8' };
    const shell = await waitFor(
      'systemd in the tree is running',
      async () => {
        // The first child of systemd-nspawn only makes the second, which is PID 1: so it is looked for each time.
        const init = childOf(nspawn.pid);
        if (init === undefined) return undefined;
        const enter = ['nsenter', '--target', String(init), '--all', '--root', '--wd'];
        const inside = (folder: string): PageShell => remembering(pageShell(folder, env, enter), started);
        const said = await inside('/').run('systemctl is-system-running --wait');
        return said.trim() === 'running' ? inside : undefined;
      },
      120_000,
    );
    return { shell, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${nspawn.log()}`, { cause: error });
  }
}

function childOf(pid: number | undefined): number | undefined {
  const tasks = `/proc/${pid}/task`;
  const children = readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, 'utf8'));
  return children.join('').split(' ').filter(Boolean).map(Number)[0];
}

/** The same shell; `started` has what goes on in it. */
function remembering(shell: PageShell, started: Set<ReturnType<PageShell['start']>>): PageShell {
  return {
    run: (script) => shell.run(script),
    start(script) {
      const one = shell.start(script);
      started.add(one);
      return {
        interrupt() {
          started.delete(one);
          return one.interrupt();
        },
      };
    },
  };
}
