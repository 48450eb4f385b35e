import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../lab/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** An instant query has one value. */
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** A real Prometheus with back-filled data. Both queries throw with its own words when it refuses one. Times in milliseconds. */
export interface Prometheus {
  readonly version: string;
  readonly at: (expr: string, atMs: number) => Promise<readonly Series[]>;
  readonly over: (expr: string, fromMs: number, toMs: number, stepMs: number) => Promise<readonly Series[]>;
  /** Values of a label, as Grafana asks for the values of a variable. */
  readonly labelValues: (selector: string, label: string, fromMs: number, toMs: number) => Promise<readonly string[]>;
  /** Time of processors that it has used, in milliseconds: the same on a machine that does other things as well. */
  readonly usedMs: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Starts the machine's `prometheus` on the samples of an OpenMetrics text. It looks back one minute: back-filled series have no end marks. */
export async function startPrometheus(openmetrics: string): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(directory, 'samples.txt');
  const data = join(directory, 'data');
  const config = join(directory, 'prometheus.yml');
  writeFileSync(file, `${openmetrics}# EOF\n`);
  writeFileSync(config, 'global: {}\n');
  await promisify(execFile)('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, data], {
    maxBuffer: 1e8,
  });
  const [port] = await freePorts(1);
  const process = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--query.lookback-delta=1m',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = once(process, 'exit');

  async function ask(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${error}: ${parameters['query'] ?? path}`);
    return data;
  }

  const version = await waitFor(
    'prometheus answers',
    async () => ((await ask('status/buildinfo', {})) as { version: string }).version,
  );
  return {
    version,
    async at(query, atMs) {
      const { result } = (await ask('query', { query, time: `${atMs / 1000}` })) as {
        result: { metric: Series['metric']; value: [number, string] }[];
      };
      return result.map(({ metric, value }) => ({ metric, values: [value] }));
    },
    async over(query, fromMs, toMs, stepMs) {
      const parameters = { query, start: `${fromMs / 1000}`, end: `${toMs / 1000}`, step: `${stepMs / 1000}` };
      return ((await ask('query_range', parameters)) as { result: Series[] }).result;
    },
    async labelValues(selector, label, fromMs, toMs) {
      const parameters = { 'match[]': selector, start: `${fromMs / 1000}`, end: `${toMs / 1000}` };
      return (await ask(`label/${label}/values`, parameters)) as string[];
    },
    async usedMs() {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return 1000 * Number(/^process_cpu_seconds_total (\S+)$/m.exec(page)?.[1]);
    },
    async close() {
      process.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}
