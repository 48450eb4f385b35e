import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { Lab } from '../lab/lab.ts';
import { labRelease } from '../lab/release.ts';
import type { Exporter } from '../support/exporter.ts';
import { waitFor } from '../support/wait-for.ts';
import { poolsOf } from './e2e-cinder.ts';
import type { Incident } from './incidents.ts';

/** What Cinder answered and what a person was told, as a section of docs/reasons.md. */
const sections: string[] = [];

interface Told {
  readonly host: string;
  readonly condition: string;
  readonly reason: string;
}

/** Waits until the reason is as it should be, and keeps it beside what Cinder itself answers just then. */
export async function recordReason(
  { name, host, condition, reason }: Incident,
  lab: Lab,
  exporter: Exporter,
): Promise<void> {
  const told = await waitFor(`the reason of ${host}`, async () => {
    const answer = await fetch(`${exporter.url}/api/v1/backends`);
    const { backends } = (await answer.json()) as { readonly backends: readonly Told[] };
    const found = backends.find((one) => one.host === host);
    assert.equal(found?.condition, condition);
    assert.match(found.reason, reason);
    return found;
  });
  const raw = [...(await rowsOf(lab, host)), ...(await poolLines(lab, host))];
  sections.push(
    `## ${name}\n\n\`${host}\` is **${told.condition}**: ${told.reason}\n\n\`\`\`\n${raw.join('\n')}\n\`\`\`\n`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

async function rowsOf(lab: Lab, host: string): Promise<readonly string[]> {
  // This list is made of the scheduler's memory: one that has just restarted may answer 500 once.
  const { json } = await waitFor('the service list', async () => {
    const answer = await lab.get('/os-services', '3.49');
    return answer.status === 200 && answer;
  });
  const rows = (json as { readonly services: readonly Fields[] }).services.filter(
    (row) => row['binary'] === 'cinder-volume' && (row['host'] === host || row['cluster'] === host),
  );
  const shown = [
    'host',
    'status',
    'state',
    'updated_at',
    'backend_state',
    'frozen',
    'disabled_reason',
    'cluster',
    'replication_status',
    'active_backend_id',
  ];
  return rows.map((row) => line('service', row, shown));
}

async function poolLines(lab: Lab, host: string): Promise<readonly string[]> {
  const pools = await poolsOf(lab, host);
  if (pools.length === 0) return ['get_pools has no pool of it'];
  const shown = [
    'name',
    'backend_state',
    'timestamp',
    'total_capacity_gb',
    'free_capacity_gb',
    'allocated_capacity_gb',
  ];
  return pools.map(({ name, capabilities }) => line('pool', { ...capabilities, name }, shown));
}

/** Times as how long ago they were: a reader compares them with the sentence. */
function line(kind: string, fields: Fields, shown: readonly string[]): string {
  const cells = shown.filter((key) => fields[key] !== undefined).map((key) => `${key}=${value(key, fields[key])}`);
  return `${kind}: ${cells.join(' ')}`;
}

function value(key: string, raw: unknown): string {
  if ((key !== 'updated_at' && key !== 'timestamp') || typeof raw !== 'string') return JSON.stringify(raw);
  const seconds = Math.round((Date.now() - Date.parse(`${raw}Z`)) / 1000);
  return seconds < 0 ? `${-seconds} s ahead` : `${seconds} s ago`;
}

/** Writes docs/reasons.md when UPDATE_DOCS=1. */
export async function writeReasons(): Promise<void> {
  if (process.env['UPDATE_DOCS'] !== '1') return;
  const page = `# What Cinder answers, and what a person is told

Each fault was made in a real Cinder ${labRelease()}, on ${new Date().toISOString().slice(0, 10)}, by \`test/real/conditions.test.ts\`, which also checks each sentence.
\`UPDATE_DOCS=1\` with that test writes this page. The first line is the exporter's; below it is what Cinder answered at that moment, times as their age.
Everything was faster than in production: a service is down after 6 s, and driver stats are stale after 8 s.

${sections.join('\n')}`;
  await writeFile(new URL('../../docs/reasons.md', import.meta.url), page);
}
