import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exporter } from '../support/exporter.ts';
import type { Lab } from '../lab/lab.ts';
import { conditionOf, hostsOf } from './watched.ts';
import { checkMetrics } from './check-metrics.ts';

/** Rows that come and go in the real Cinder's database. */
export function rows(lab: () => Lab, exporter: () => Exporter): void {
  describe('rows', () => {
    test('a backend that is removed vanishes with all its series, and comes back', async () => {
      await lab().remove('silent');
      const page = await exporter().waitFor('it is gone', (it) => !hostsOf(it).includes('lab@silent'));
      const left = [...page.families.values()]
        .flatMap(({ samples }) => samples)
        .filter(({ labels }) => labels['host'] === 'lab@silent');
      assert.deepEqual(left, []);
      assert.deepEqual(hostsOf(page), ['lab@pools', 'lab@single', 'labcluster@clustered']);
      await checkMetrics(exporter());

      await lab().restore('silent');
      await exporter().waitFor('it is back', (it) => conditionOf(it, 'lab@silent') === 'up_assumed');
    });
  });
}
