import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from '../lab/answer.ts';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { startDaemon } from './daemon.ts';

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
  /** Ends it by SIGTERM, and starts it again on the same port with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts `binary` with this configuration file and these flags on a free loopback port and waits until it is ready. Without a folder for its data among the flags it has one of its own. */
export async function startPrometheus(
  binary: string,
  config: string,
  flags: readonly string[] = [],
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'cinder-exporter-prometheus-'));
  const [port] = await freePorts(1);
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, config);
  const args = [
    `--config.file=${file}`,
    ...(flags.some((flag) => flag.startsWith('--storage.tsdb.path='))
      ? []
      : [`--storage.tsdb.path=${join(folder, 'data')}`]),
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
    ...flags,
  ];
  let daemon = startDaemon(join(folder, 'log'), [binary, ...args]);
  const stop = async (): Promise<void> => {
    await daemon.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const api = async (path: string): Promise<unknown> => {
    const answer = await send(`${url}/api/v1${path}`);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return (answer.json as { readonly data: unknown }).data;
  };
  const ready = async (): Promise<void> => {
    await waitFor(`${binary} is ready`, async () => (await send(`${url}/-/ready`)).status === 200 || undefined, 60_000);
  };
  try {
    await ready();
    return {
      url,
      api,
      query: async (promql) => {
        const { result } = (await api(`/query?query=${encodeURIComponent(promql)}`)) as { readonly result: Series[] };
        return result;
      },
      restart: async () => {
        await daemon.stop('SIGTERM');
        daemon = startDaemon(join(folder, 'log'), [binary, ...args]);
        await ready();
      },
      stop,
    };
  } catch (error) {
    const log = daemon.log();
    await stop();
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  }
}
