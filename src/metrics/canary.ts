import { CANARY_PAUSES, type CanaryFailure, type CanaryRow, isFailing } from '../cinder/canary.ts';
import { backendOf } from '../cinder/pools.ts';
import type { Snapshot } from '../cinder/snapshot.ts';
import { type FamilyGroup, flag, from, gauge, several, timestamp } from './exposition.ts';

/** What the canary knows of each of its volume types; none of them without a canary. */
const CANARY_FAMILIES: FamilyGroup<CanaryRow> = {
  identity: ['volume_type'],
  identityOf: ({ volumeType }) => [volumeType],
  families: [
    flag(
      'cinder_canary_success',
      'Whether a volume of the type was made and taken away in the last round of the canary that tells. No series before the first.',
      ({ last }) => last?.success,
    ),
    several(
      'gauge',
      'cinder_canary_duration_seconds',
      'How long each phase of that round took: look, create (from the request until the volume was available), delete (until it was gone). Where they are configured: snapshot (until it was made and gone), attach (until the volume was free again). No series for a phase that failed.',
      ['phase'],
      ({ last }) => Object.entries(last?.tookMs ?? {}).map(([phase, ms]) => [[phase], ms / 1000] as const),
    ),
    timestamp(
      'cinder_canary_last_run_timestamp_seconds',
      'When that round began, as Unix time. No series before the first.',
      ({ last }) => last?.atMs,
    ),
    gauge(
      'cinder_canary_interval_seconds',
      'Time between two rounds of the volume type.',
      ({ everyMs }) => everyMs / 1000,
    ),
    several(
      'counter',
      'cinder_canary_failures_total',
      'Rounds that came to nothing, by the phase and the reason; docs/canary.md says which reasons point at the storage.',
      ['phase', 'reason'],
      ({ failures }) => failures.map(({ phase, reason, count }) => [[phase, reason], count] as const),
    ),
    gauge(
      'cinder_canary_leaked_volumes',
      'Volumes of the canary that should be gone and could not be deleted. No series before the first look.',
      ({ leaked }) => leaked,
    ),
    several(
      'gauge',
      'cinder_canary_paused',
      'Whether no round is begun, and why: the pause switch, left-overs, backends that are disabled or frozen, no scheduler that answers, another exporter, or a login or project that it refuses.',
      ['why'],
      ({ paused }) => CANARY_PAUSES.map((why) => [[why], paused?.why === why ? 1 : 0] as const),
    ),
  ],
};

function failureLabels({ phase, reason, storage, message }: CanaryFailure): readonly string[] {
  return [phase, reason, String(storage), message];
}

/** What the rounds of a volume type say of a backend; an empty host where the type has several. */
const CANARY_BACKEND_FAMILIES: FamilyGroup<CanaryRow> = {
  identity: ['volume_type', 'host', 'backend'],
  identityOf: ({ volumeType, backend = '' }) => [volumeType, backend, backendOf(backend)],
  families: [
    flag(
      'cinder_canary_failing',
      'Whether two rounds in a row or more failed by the fault of the storage. An empty host when the volume type has several backends. No series while nobody can tell.',
      isFailing,
    ),
    several(
      'info',
      'cinder_canary_failure_info',
      'How rounds failed since one went well, in the words of Cinder where it has some: the last by the fault of the storage (storage="true"), and the last round that tells when that was something else. Always 1.',
      ['phase', 'reason', 'storage', 'message'],
      ({ last, lastBlamed }) =>
        [lastBlamed, last].flatMap((run, i, both) =>
          run?.failure && both.indexOf(run) === i ? [[failureLabels(run.failure), 1] as const] : [],
        ),
    ),
  ],
};

/** Families of the canary, in the order of the page. */
export const CANARY = [CANARY_FAMILIES, CANARY_BACKEND_FAMILIES].map((group) =>
  from(group, ({ canary }: Snapshot) => canary ?? []),
);
