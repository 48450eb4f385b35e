import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Exporter } from '../support/exporter.ts';

const run = promisify(execFile);

/** Throws with promtool's words unless `promtool check metrics` has nothing to say about the page. */
export async function checkMetrics(exporter: Exporter): Promise<void> {
  const check = run('promtool', ['check', 'metrics']);
  check.child.stdin?.end(await exporter.page());
  const { stdout, stderr } = await check;
  if (stdout + stderr !== '') throw new Error(`promtool check metrics: ${stdout}${stderr}`);
}
