import { Registry } from 'prom-client';
import type { Served, ServedCloud } from '../../src/api/backends.ts';
import type { Pool, Service } from '../../src/cinder/model.ts';
import {
  type Collector,
  type CollectorStatus,
  follow,
  type Histories,
  type Snapshot,
} from '../../src/cinder/snapshot.ts';
import { createCloudMetrics } from '../../src/metrics/exporter.ts';
import { createPageSource } from '../../src/watch/pipeline.ts';
import { judge } from '../support/samples.ts';
import { NOW } from './cinder.ts';

/** What a cloud says at one moment; `services` undefined: it cannot be read and what was read before is too old. */
export interface CloudState {
  readonly services?: readonly Service[] | undefined;
  readonly pools?: readonly Pool[] | undefined;
  readonly failures?: Partial<
    Record<Collector, { readonly reason: string; readonly message: string; readonly sinceMs?: number }>
  >;
  readonly atMs?: number;
  readonly volumes?: Snapshot['volumes'];
  readonly volumeTypes?: Snapshot['volumeTypes'];
  readonly typesAlone?: Snapshot['typesAlone'];
  readonly operations?: Snapshot['operations'];
  readonly canary?: Snapshot['canary'];
}

/** A cloud whose states a test chooses: each becomes a snapshot by the real `assess`. */
export interface WatchedCloud extends ServedCloud {
  readonly become: (state: CloudState) => Snapshot;
  readonly listeners: () => number;
}

export function watchedCloud(name: string, first?: CloudState): WatchedCloud {
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let histories: Histories = new Map();
  let snapshot: Snapshot | undefined;

  function become({ services, pools, failures = {}, atMs = NOW, ...more }: CloudState): Snapshot {
    const backends = services ? judge(services, { pools, nowMs: atMs }) : [];
    if (services) histories = follow(histories, backends, atMs).after;
    const status = (collector: Collector): CollectorStatus => {
      const failed = failures[collector];
      return {
        collector,
        success: failed === undefined,
        durationMs: 12,
        lastSuccessAtMs: failed ? undefined : atMs,
        failure: failed && { sinceMs: atMs - 180_000, ...failed },
      };
    };
    snapshot = {
      atMs,
      clockOffsetMs: 0,
      up: failures.services === undefined,
      services: services ?? [],
      pools: pools ?? [],
      backends,
      histories,
      volumeTypes: more.volumeTypes ?? [],
      volumes: more.volumes ?? new Map(),
      counts: [],
      typesAlone: more.typesAlone ?? new Map(),
      operations: more.operations,
      canary: more.canary,
      api: { min: '3.0', max: '3.70', used: '3.49', backendStateSupported: true },
      collectors: [
        status('services'),
        status('pools'),
        ...(['volume_types', 'volumes', 'operations'] as const).flatMap((collector) =>
          failures[collector] ? [status(collector)] : [],
        ),
      ],
    };
    for (const listener of listeners) listener(snapshot);
    return snapshot;
  }

  if (first) become(first);
  return {
    name,
    become,
    listeners: () => listeners.size,
    page: createPageSource(() => undefined, [new Registry()]),
    watcher: {
      name,
      metrics: createCloudMetrics(),
      refresh: () => Promise.resolve(),
      pages: () => undefined,
      snapshot: () => snapshot,
      onSwap(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close() {},
    },
  };
}

/** What the web server shows of these clouds; the list is read anew each time, so that a test can swap it. */
export function serve(clouds: readonly ServedCloud[], grafanaUrl?: string, runbookUrl?: string): Served {
  return {
    clouds: () => clouds,
    onClouds: () => () => {},
    metrics: () => createPageSource(() => undefined, [new Registry()]),
    grafanaUrl: () => grafanaUrl,
    runbookUrl: () => runbookUrl,
  };
}
