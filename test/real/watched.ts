import assert from 'node:assert/strict';
import { CONDITIONS, type Condition } from '../../src/cinder/conditions.ts';
import type { Exposition } from '../support/exposition-parser.ts';
import { startExporter } from '../support/exporter.ts';
import type { Exporter } from '../support/exporter.ts';

/** Short times, so that every condition comes and goes while somebody waits. Whether cinder-volume answers takes minutes to tell: probes.test.ts. */
export const CONFIG = `
defaults:
  interval: 2s
  max_random_delay: 0s
  stale_after: 8s
  collectors: {capabilities: false}
  timeouts:
    scheduler_patience: 3s
`;

/** Starts an exporter with `CONFIG`, gives it to `use`, and ends it whatever happens. */
export async function withExporter(
  environment: Readonly<Record<string, string>>,
  use: (exporter: Exporter) => Promise<void>,
): Promise<void> {
  const exporter = await startExporter({ environment, config: CONFIG });
  try {
    await use(exporter);
  } finally {
    await exporter.stop();
  }
}

/** The labels of a backend's series. */
export function backend(host: string): { readonly host: string; readonly backend: string } {
  return { host, backend: host.slice(host.lastIndexOf('@') + 1) };
}

/** The condition that a page tells of a backend; undefined when it tells none. Throws unless exactly one of them is 1. */
export function conditionOf(page: Exposition, host: string): Condition | undefined {
  const told = page.samples('cinder_backend_condition').filter(({ labels }) => labels['host'] === host);
  if (told.length === 0) return undefined;
  assert.deepEqual(told.map(({ labels }) => labels['condition']).toSorted(byText), [...CONDITIONS].toSorted(byText));
  const [one, ...more] = CONDITIONS.filter(
    (condition) => page.value('cinder_backend_condition', { host, condition }) === 1,
  );
  assert.deepEqual(more, []);
  return one;
}

/** Hosts of all backends of a page. */
export function hostsOf(page: Exposition): string[] {
  const hosts = page.samples('cinder_backend_condition').map(({ labels }) => String(labels['host']));
  return [...new Set(hosts)].toSorted(byText);
}

function byText(a: string | undefined, b: string | undefined): number {
  return String(a) < String(b) ? -1 : 1;
}
