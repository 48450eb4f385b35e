import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { send } from './answer.ts';
import type { Answer, Question } from './answer.ts';
import { persist } from './sqlite.ts';
import { freePorts } from './free-port.ts';
import { pythonEnvironment } from './python-environment.ts';
import { labRelease } from './release.ts';
import type { Release } from './release.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('lab.sh', import.meta.url));

export type Who = 'admin' | 'system' | 'appcred' | 'member' | 'reader' | 'system-reader' | 'monitor' | 'watcher';

export interface LabOptions {
  /** Backend names as lab.sh knows them. */
  readonly backends: readonly string[];
  /** Cinder's `rpc_response_timeout`. @default 5 */
  readonly rpcTimeoutSeconds?: number;
  /** How many requests a service works on at once, its `executor_thread_pool_size`. @default 64 */
  readonly rpcThreads?: number;
  /** Lifetime of a Keystone token. @default 3600 */
  readonly tokenSeconds?: number;
  /** The URL of an image service (image-service.ts). @default there is none */
  readonly imageService?: string;
}

/** A real Keystone and Cinder on loopback, started by lab.sh in a folder of its own. */
export interface Lab {
  /** The major version of its Cinder. */
  readonly release: Release;
  /** Keystone without `/v3`. */
  readonly keystone: string;
  /** The block-storage API without `/v3`. */
  readonly cinder: string;
  /** The `OS_*` variables with which `who` logs in. */
  environment(who?: Who): Promise<Readonly<Record<string, string>>>;
  /** Merges `patch` into what the driver of `name` reports; null deletes a key. */
  backend(name: string, patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** How often the driver of `name` was called for `operation`: `create`, `delete`, ... */
  calls(name: string, operation: string): Promise<number>;
  start(...units: string[]): Promise<void>;
  stop(...units: string[]): Promise<void>;
  kill(...units: string[]): Promise<void>;
  pause(...units: string[]): Promise<void>;
  resume(...units: string[]): Promise<void>;
  restart(...units: string[]): Promise<void>;
  /** Stops the cinder-volume of a backend and removes its row. */
  remove(backend: string): Promise<void>;
  /** Removes the row of a service that was stopped. */
  forget(binary: string, host: string): Promise<void>;
  /** Configures and starts a removed backend again. */
  restore(backend: string): Promise<void>;
  /** Gives the Cinder API another policy.yaml. */
  policy(yaml: string): Promise<void>;
  /** Waits until every service is up and every pool is known. */
  ready(): Promise<void>;
  /** cinder-manage. */
  manage(...args: string[]): Promise<string>;
  /** A statement of SQL for Cinder's database. */
  sql(statement: string): Promise<void>;
  /** Makes the commands of an operator on a controller in this folder: `cinder-manage`, `rabbitmqctl`, `rabbitmq-diagnostics`. */
  tools(folder: string): Promise<void>;
  /** A token of `who`, asked for once. */
  token(who?: Who): Promise<string>;
  /** `GET /v3<path>` of Cinder. */
  get(path: string, microversion?: string, who?: Who): Promise<Answer>;
  /** An administrative `PUT /v3/os-services/<action>` of Cinder: disable, enable, freeze, thaw, failover_host, ... */
  action(action: string, body: Readonly<Record<string, unknown>>, who?: Who): Promise<Answer>;
  /** Enables a cinder-volume. Cinder 29 says that it did and does nothing (docs/upstream.md): there it is frozen and thawed. */
  enable(host: string): Promise<Answer>;
  /** Makes a volume type with these extra specs, unless there is one of that name; gives its id. */
  volumeType(name: string, extraSpecs: Readonly<Record<string, string>>): Promise<string>;
  /** The last lines of every log, for a failure. */
  logs(): Promise<string>;
  /** Ends all its processes and deletes its folder. */
  down(): Promise<void>;
}

/** Installs what is missing (root), starts a lab on free ports and waits until it is ready. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-lab-'));
  const [keystonePort, cinderPort, amqpPort, distPort, epmdPort, databasePort] = await freePorts(6);
  const release = labRelease();
  const env = {
    ...process.env,
    ...(release === 29 ? { LAB_VENV: pythonEnvironment('cinder-29'), LAB_DB_PORT: String(databasePort) } : {}),
    LAB_DIR: folder,
    LAB_KEYSTONE_PORT: String(keystonePort),
    LAB_CINDER_PORT: String(cinderPort),
    LAB_AMQP_PORT: String(amqpPort),
    LAB_DIST_PORT: String(distPort),
    LAB_EPMD_PORT: String(epmdPort),
    LAB_BACKENDS: options.backends.join(' '),
    LAB_RPC_TIMEOUT: String(options.rpcTimeoutSeconds ?? 5),
    LAB_RPC_THREADS: String(options.rpcThreads ?? 64),
    LAB_TOKEN_SECONDS: String(options.tokenSeconds ?? 3600),
    LAB_IMAGE_SERVICE: options.imageService ?? '',
  };
  const lab = async (...args: string[]): Promise<string> => {
    try {
      return (await run('bash', [script, ...args], { env, maxBuffer: 16 * 1024 * 1024 })).stdout;
    } catch (error) {
      throw new Error(`lab.sh ${args.join(' ')}: ${String(error)}\n${await logTails(folder)}`, { cause: error });
    }
  };
  // A test run that ends early must leave nothing behind either.
  const abandon = (): void => {
    spawnSync('bash', [script, 'down'], { env });
  };
  process.once('exit', abandon);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);

  const keystone = `http://127.0.0.1:${keystonePort}`;
  const cinder = `http://127.0.0.1:${cinderPort}`;
  const tokens = new Map<Who, Promise<string>>();
  const units =
    (command: string) =>
    async (...names: string[]): Promise<void> => {
      await lab(command, ...names);
    };
  const token = (who: Who = 'admin'): Promise<string> => {
    const known = tokens.get(who) ?? lab('token', who).then((text) => text.trim());
    tokens.set(who, known);
    return known;
  };
  const ask = async (path: string, who: Who, question: Question): Promise<Answer> =>
    send(`${cinder}/v3${path}`, { ...question, headers: { 'x-auth-token': await token(who), ...question.headers } });

  const action: Lab['action'] = (name, body, who = 'admin') =>
    persist(() => ask(`/os-services/${name}`, who, { method: 'PUT', body }));

  await lab('up');
  return {
    release,
    keystone,
    cinder,
    token,
    environment: async (who = 'admin') => variables(await lab('env', who)),
    backend: async (name, patch) => void (await lab('backend', name, JSON.stringify(patch))),
    calls: async (name, operation) =>
      (await readFile(join(folder, 'backends', `${name}.json.calls`), 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line === operation).length,
    start: units('start'),
    stop: units('stop'),
    kill: units('kill'),
    pause: units('pause'),
    resume: units('resume'),
    restart: units('restart'),
    remove: async (name) => void (await lab('remove', name)),
    forget: async (binary, host) => void (await lab('forget', binary, host)),
    restore: async (name) => void (await lab('restore', name)),
    policy: async (yaml) => {
      const file = join(folder, 'policy.yaml');
      await writeFile(file, yaml);
      await lab('policy', file);
    },
    ready: async () => void (await lab('wait')),
    manage: (...args) => lab('manage', ...args),
    sql: async (statement) => void (await lab('sql', statement)),
    tools: async (folder) => void (await lab('tools', folder)),
    get: (path, microversion, who = 'admin') =>
      ask(
        path,
        who,
        microversion === undefined ? {} : { headers: { 'openstack-api-version': `volume ${microversion}` } },
      ),
    action,
    enable: async (host) => {
      if (release < 29) return action('enable', { host, binary: 'cinder-volume' });
      await action('freeze', { host });
      return action('thaw', { host });
    },
    volumeType: async (name, extra_specs) => {
      const made = await persist(() => ask('/types', 'admin', { body: { volume_type: { name, extra_specs } } }));
      if (made.status === 200) return (made.json as { readonly volume_type: VolumeType }).volume_type.id;
      // 409: made by a try that was answered 500.
      const { json } = await ask('/types', 'admin', {});
      const found = (json as { readonly volume_types: readonly VolumeType[] }).volume_types.find(
        (type) => type.name === name,
      );
      if (made.status !== 409 || found === undefined)
        throw new Error(`volume type ${name}: ${made.status} ${made.text}`);
      return found.id;
    },
    logs: () => logTails(folder),
    down: async () => {
      process.off('exit', abandon);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      await lab('down');
    },
  };
}

interface VolumeType {
  readonly id: string;
  readonly name: string;
}

function interrupted(): never {
  process.exit(130);
}

/** `export NAME=VALUE` lines as an object. */
function variables(lines: string): Record<string, string> {
  return Object.fromEntries(
    [...lines.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [String(name), String(value)]),
  );
}

async function logTails(folder: string): Promise<string> {
  const logs = join(folder, 'log');
  const names = (await readdir(logs).catch(() => [])).filter((name) => name.endsWith('.log'));
  const tails = await Promise.all(
    names.map(async (name) => {
      const lines = (await readFile(join(logs, name), 'utf8')).trimEnd().split('\n');
      return `--- ${name}\n${lines.slice(-15).join('\n')}`;
    }),
  );
  return tails.join('\n');
}
