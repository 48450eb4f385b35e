import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CloudAccess } from '../../../src/openstack/access.ts';
import { AccessError } from '../../../src/openstack/clouds/files.ts';
import { loadAccess } from '../../../src/openstack/clouds/clouds.ts';

/** A client certificate, its key, and the key of something else. */
const PEM = { CERT: 'pem/client.crt', KEY: 'pem/client.key', OTHER: 'pem/other.key' };

/** A directory with `cwd`, `home` and `etc` in it, and nothing of this machine's own OpenStack configuration. */
export interface Sandbox {
  readonly root: string;
  write(path: string, content: string | Uint8Array): string;
  load(env?: Record<string, string>, cloud?: string): CloudAccess;
  /** The error's message, with the directory's own path cut off. */
  refusal(env?: Record<string, string>, cloud?: string): { kind: string; message: string };
  remove(): void;
}

export function sandbox(files: Record<string, string | Uint8Array> = {}): Sandbox {
  const root = mkdtempSync(join(tmpdir(), 'access-'));
  const write = (path: string, content: string | Uint8Array): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  for (const dir of ['cwd', 'home', 'etc']) mkdirSync(join(root, dir));
  for (const [name, pem] of Object.entries(PEM)) cpSync(new URL(pem, import.meta.url), join(root, 'cwd', name));
  for (const [path, content] of Object.entries(files)) write(path, content);
  const load = (env: Record<string, string> = {}, cloud?: string): CloudAccess =>
    loadAccess({
      env,
      cwd: join(root, 'cwd'),
      home: join(root, 'home'),
      systemDirs: [join(root, 'etc')],
      ...(cloud === undefined ? {} : { cloud }),
    });
  return {
    root,
    write,
    load,
    refusal(env, cloud) {
      try {
        load(env, cloud);
      } catch (error) {
        if (!(error instanceof AccessError)) throw error;
        return { kind: error.kind, message: error.message.replaceAll(`${root}/`, '') };
      }
      throw new Error('expected an AccessError, got an access');
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
