import type { Snapshot } from '../cinder/snapshot.ts';
import { BACKEND_FAMILIES } from './backends.ts';
import { API_FAMILIES, CLOUD_FAMILIES, COLLECTOR_FAMILIES, VOLUME_TYPE_FAMILIES } from './cloud.ts';
import { renderGroup, type RenderedFamily } from './exposition.ts';
import type { FamilyGroup, FamilyType } from './family.ts';
import { POOL_FAMILIES } from './pools.ts';
import { SERVICE_FAMILIES } from './services.ts';

/** Every family of one snapshot, in the order of the page. */
export function* renderSnapshot(snapshot: Snapshot): Generator<RenderedFamily> {
  yield* renderGroup(CLOUD_FAMILIES, [snapshot]);
  yield* renderGroup(
    BACKEND_FAMILIES,
    snapshot.backends.map((backend) => ({ backend, history: snapshot.histories.get(backend.host) })),
  );
  yield* renderGroup(SERVICE_FAMILIES, snapshot.services);
  yield* renderGroup(POOL_FAMILIES, snapshot.pools);
  yield* renderGroup(VOLUME_TYPE_FAMILIES, snapshot.volumeTypes);
  yield* renderGroup(API_FAMILIES, snapshot.api ? [snapshot.api] : []);
  yield* renderGroup(COLLECTOR_FAMILIES, snapshot.collectors);
}

/** What users see of a family: docs, rules, dashboards and tests read it from here. */
export interface FamilyDescription {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly labels: readonly string[];
}

function describe<E>(group: FamilyGroup<E>): FamilyDescription[] {
  return group.families.map(({ name, type, help, labels }) => ({
    name,
    type,
    help,
    labels: [...group.identity, ...labels],
  }));
}

/** All Cinder families with all their labels. The exporter's own are in `exporter.ts`. */
export const FAMILIES: readonly FamilyDescription[] = [
  ...describe(CLOUD_FAMILIES),
  ...describe(BACKEND_FAMILIES),
  ...describe(SERVICE_FAMILIES),
  ...describe(POOL_FAMILIES),
  ...describe(VOLUME_TYPE_FAMILIES),
  ...describe(API_FAMILIES),
  ...describe(COLLECTOR_FAMILIES),
];
