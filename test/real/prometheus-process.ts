import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from '../openstack/answer.ts';
import { freePorts } from '../openstack/free-port.ts';
import { waitFor } from '../openstack/wait-for.ts';

/** One series of an instant query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus server as a process of its own. */
export interface Prometheus {
  readonly url: string;
  /** Result of an instant query. */
  query(promql: string): Promise<readonly Series[]>;
  /** `data` of an API path below `/api/v1`. */
  api(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts `binary` with this configuration file on a free loopback port and waits until it is ready. */
export async function startPrometheus(binary: string, config: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-exporter-prometheus-'));
  const [port] = await freePorts(1);
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, config);
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      log += String(error);
      resolve();
    });
  });
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    process.off('exit', abandon);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const api = async (path: string): Promise<unknown> => {
    const answer = await send(`${url}/api/v1${path}`);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return (answer.json as { readonly data: unknown }).data;
  };
  try {
    await waitFor(`${binary} is ready`, async () => (await send(`${url}/-/ready`)).status === 200 || undefined, 30_000);
    return {
      url,
      api,
      query: async (promql) => {
        const { result } = (await api(`/query?query=${encodeURIComponent(promql)}`)) as { readonly result: Series[] };
        return result;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  }
}
