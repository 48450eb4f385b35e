import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Exposition } from '../support/exposition-parser.ts';
import { send } from '../lab/answer.ts';
import { startExporter } from '../support/exporter.ts';
import type { Lab, Who } from '../lab/lab.ts';
import { labRelease } from '../lab/release.ts';
import { persist } from '../lab/sqlite.ts';
import { waitFor } from '../support/wait-for.ts';
import { checkMetrics } from './check-metrics.ts';

const leastPrivilege = new URL('../../docs/least-privilege/cinder-policy.yaml', import.meta.url);
const config = 'defaults: {interval: 1s, max_random_delay: 0s, volume_types_interval: 1s}';
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gold "#1"': { volume_backend_name: 'pools' },
  plain: { volume_backend_name: 'single', vendor_name: 'Lab' },
  replicated: { volume_backend_name: 'single', replication_enabled: '<is> True' },
  nowhere: { volume_backend_name: 'no such backend' },
};
/** Every type and the backends that can serve it, as the page tells. */
const served = (page: Exposition): string[] =>
  page
    .samples('cinder_volume_type_backend_info')
    .map(({ labels }) => `${labels['volume_type']} -> ${labels['host']}`)
    .filter((line) => !line.startsWith('__DEFAULT__'))
    .toSorted((a, b) => (a < b ? -1 : 1));
const expected = ['gold "#1" -> lab@pools', 'plain -> lab@single', 'replicated -> lab@single'];

/** Volume types of the real Cinder, as an administrator and as a role that may see the extra specs. */
export function volumeTypes(lab: () => Lab): void {
  describe('volume types', () => {
    const ids: string[] = [];
    const types = async (): Promise<{ url: string; headers: Record<string, string> }> => ({
      url: `${lab().cinder}/v3/types`,
      headers: { 'x-auth-token': await lab().token() },
    });
    before(async () => {
      for (const [name, extraSpecs] of Object.entries(TYPES)) ids.push(await lab().volumeType(name, extraSpecs));
    });
    after(async () => {
      const { url, headers } = await types();
      for (const id of ids) await persist(() => send(`${url}/${id}`, { method: 'DELETE', headers }));
    });

    test('which backends serve which type, for an administrator', () => tells(lab(), 'admin', expected));
    test('the roles that are advised see no extra specs but those that everybody sees: the collector says so', () =>
      isBlind(lab(), /may hide extra specs .*read_sensitive/));
    test('the role monitor alone does not see extra specs, or from 29 on no types: the collector says so', () =>
      isBlind(
        lab(),
        labRelease() >= 29 ? /type_get_all/ : /shows this user no extra specs .*access_types_extra_specs/,
        'monitor',
      ));
    test('with the first of the two rules that the policy file has in a comment they are redacted: it says so', () =>
      withRules(lab(), /^#"(?=.*access_types)/gm, () => isBlind(lab(), /may hide extra specs .*read_sensitive/)));
    test('with both it sees them', () => withRules(lab(), /^#"/gm, () => tells(lab(), 'watcher', expected)));
  });
}

interface Api {
  readonly clouds: readonly {
    readonly collectors: readonly { readonly collector: string; readonly message: string | null }[];
  }[];
}

/** Opens the rules of the policy file whose comment sign the pattern finds, and closes them again. */
async function withRules(lab: Lab, comment: RegExp, run: () => Promise<void>): Promise<void> {
  const whole = await readFile(leastPrivilege, 'utf8');
  await lab.policy(whole.replaceAll(comment, '"'));
  try {
    await run();
  } finally {
    await lab.policy(whole);
  }
}

/** The collector fails for this reason, and no backend is given to any type. */
async function isBlind(lab: Lab, why: RegExp, who: Who = 'watcher'): Promise<void> {
  const exporter = await startExporter({ environment: await lab.environment(who), config });
  try {
    await waitFor(
      'the failure, for this reason',
      async () => {
        const told = (await (await fetch(`${exporter.url}/api/v1/backends`)).json()) as Api;
        const types = told.clouds[0]?.collectors.find(({ collector }) => collector === 'volume_types');
        return why.test(types?.message ?? '') || undefined;
      },
      60_000,
    );
    const page = await exporter.metrics();
    assert.equal(page.value('cinder_scrape_collector_success', { collector: 'volume_types' }), 0);
    assert.deepEqual(page.samples('cinder_volume_type_backend_info'), []);
    assert.equal(page.value('cinder_up'), 1);
    await checkMetrics(exporter);
  } finally {
    await exporter.stop();
  }
}

async function tells(lab: Lab, who: Who, lines: readonly string[]): Promise<void> {
  const exporter = await startExporter({ environment: await lab.environment(who), config });
  try {
    const read = (page: Exposition): boolean =>
      page.value('cinder_scrape_collector_success', { collector: 'volume_types' }) === 1 &&
      (page.value('cinder_exporter_refreshes_total') ?? 0) >= 3;
    const page = await exporter.waitFor('the types', (it) => read(it) && served(it).length === lines.length);
    assert.deepEqual(served(page), lines);
    await checkMetrics(exporter);
  } finally {
    await exporter.stop();
  }
}
