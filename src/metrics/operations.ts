import type { CreationCount, FailureCount } from '../cinder/creations.ts';
import { backendOf } from '../cinder/pools.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import type { Look, Stuck } from '../cinder/stuck.ts';
import type { Weighed, WeighedBackend, WeighedType } from '../cinder/weigh.ts';
import { counter, type FamilyGroup, flag, from, gauge, timestamp } from './exposition.ts';

/** What the collector `operations` saw of each backend. */
const CREATION_FAMILIES: FamilyGroup<{ readonly host: string; readonly atMs: number }> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    timestamp(
      'cinder_backend_last_creation_timestamp_seconds',
      'When a volume was last made on the backend, as far as the collector "operations" saw, as Unix time by the clock of Cinder: proof that it worked then. No series before the first.',
      ({ atMs }) => atMs,
    ),
  ],
};

const STUCK_FAMILIES: FamilyGroup<Stuck> = {
  identity: ['host', 'backend', 'operation'],
  identityOf: ({ host, operation }) => [host, backendOf(host), operation],
  families: [
    gauge(
      'cinder_backend_operations_stuck',
      'Volumes of the backend that are longer in this status than the operation may last ("operation_limits"), and not longer than 7 days. No series for none; whether all were seen is in cinder_operations_judged.',
      ({ count }) => count,
    ),
  ],
};

const OPERATION_FAMILIES: FamilyGroup<Look> = {
  identity: ['operation'],
  identityOf: ({ operation }) => [operation],
  families: [
    flag(
      'cinder_operations_judged',
      'Whether all volumes in this status were seen: 0 there are more than a page has, and cinder_backend_operations_stuck says nothing of this operation.',
      ({ judged }) => judged,
    ),
    gauge(
      'cinder_operations_left_over',
      'Volumes in this status for more than 7 days: left-overs of operations that nobody will end. No evidence against a backend.',
      ({ leftOver }) => leftOver,
    ),
  ],
};

const WEIGHED_BACKEND_FAMILIES: FamilyGroup<WeighedBackend> = {
  identity: ['host', 'backend'],
  identityOf: ({ host }) => [host, backendOf(host)],
  families: [
    flag(
      'cinder_backend_creations_failing',
      'Whether creations on the backend fail, or hang, by the weight of several requests from several projects and no success since: see docs/evidence.md. The condition is failing then, and stays so until one is made. No series for a backend that is out, disabled, failed over or full, nor while not all could be seen.',
      ({ evidence }) => evidence !== undefined,
    ),
  ],
};

const WEIGHED_TYPE_FAMILIES: FamilyGroup<WeighedType> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    flag(
      'cinder_volume_type_creations_failing',
      'Whether creations of the volume type fail although an enabled backend with room serves it, by several requests from several projects and no success since. Series only for types of which one failed in the last 30 minutes.',
      ({ failing }) => failing,
    ),
    flag(
      'cinder_volume_type_unschedulable',
      'Whether creations of the volume type fail and no backend fits its extra specs. Series only for types of which one failed in the last 30 minutes.',
      ({ unschedulable }) => unschedulable,
    ),
  ],
};

const WEIGHED_CLOUD_FAMILIES: FamilyGroup<Weighed> = {
  identity: [],
  identityOf: () => [],
  families: [
    flag(
      'cinder_creations_failing',
      'Whether creations of volume types on different backends fail together: what all of them need is at fault, such as the image service, and no array.',
      ({ cloud }) => cloud,
    ),
  ],
};

const MADE_FAMILIES: FamilyGroup<CreationCount> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    counter(
      'cinder_volume_type_creations_seen_total',
      'Volumes of this type that were made, as far as the collector "operations" saw: seen, not all.',
      ({ count }) => count,
    ),
  ],
};

const FAILED_FAMILIES: FamilyGroup<FailureCount> = {
  identity: ['volume_type', 'reason'],
  identityOf: ({ volumeType, reason }) => [volumeType, reason],
  families: [
    counter(
      'cinder_volume_type_creation_failures_seen_total',
      'Requests for volumes of this type that failed, by the message that Cinder left: "driver" its driver could not make it (told of volumes that are made of nothing alone), "no_backend" the scheduler found none, or none was left. Seen, not all. One request may count for both.',
      ({ count }) => count,
    ),
  ],
};

/** Families of operations on volumes, in the order of the page; none of them when nobody asked for operations. */
export const OPERATION_GROUPS = [
  from(CREATION_FAMILIES, ({ operations }: Snapshot) =>
    [...(operations?.lastCreations ?? [])].map(([host, atMs]) => ({ host, atMs })),
  ),
  from(STUCK_FAMILIES, ({ operations }: Snapshot) => operations?.stuck ?? []),
  from(OPERATION_FAMILIES, ({ operations }: Snapshot) => operations?.looks ?? []),
  from(WEIGHED_BACKEND_FAMILIES, ({ operations }: Snapshot) => operations?.weighed?.backends ?? []),
  from(WEIGHED_TYPE_FAMILIES, ({ operations }: Snapshot) => operations?.weighed?.types ?? []),
  from(WEIGHED_CLOUD_FAMILIES, ({ operations }: Snapshot) => (operations?.weighed ? [operations.weighed] : [])),
  from(MADE_FAMILIES, ({ operations }: Snapshot) => operations?.creations ?? []),
  from(FAILED_FAMILIES, ({ operations }: Snapshot) => operations?.failures ?? []),
];
