import type { Snapshot } from '../cinder/snapshot.ts';
import { pack, type Packed } from '../metrics/page.ts';
import { visibleJson } from '../text.ts';
import type { FleetCloud } from '../watch/fleet.ts';
import type { PageSource } from '../watch/pipeline.ts';
import { backendJson, viewCloud } from './view.ts';

/** The body of `/api/v1/backends`, and its entity tag. */
interface BackendsBody extends Packed {
  readonly etag: string;
}

/** Renders the body for some clouds; what is at hand for the same snapshots is given again. */
export type BackendsSource = (clouds: readonly ServedCloud[]) => Promise<BackendsBody>;

/** Bodies that are kept: of all clouds, and of those that were last asked for one by one. */
const MAX_KEPT = 4;

interface Kept {
  readonly names: string;
  /** Not held: a snapshot of ten thousand backends must go when the next one comes. */
  readonly snapshots: readonly (WeakRef<Snapshot> | undefined)[];
  readonly body: Promise<BackendsBody>;
}

/** Rendered once a snapshot, in slices and compressed, and not before somebody asks: at ten thousand backends it is a second of work and 50 MB of text. */
export function createBackendsSource(): BackendsSource {
  let kept: readonly Kept[] = [];
  let serial = 0;

  return (clouds) => {
    const names = clouds.map(({ name }) => name).join();
    const snapshots = clouds.map(({ watcher }) => watcher.snapshot());
    const known = kept.find(
      (one) => one.names === names && one.snapshots.every((ref, i) => ref?.deref() === snapshots[i]),
    );
    if (known) return known.body;
    serial += 1;
    const etag = `W/"${process.pid.toString(36)}-${Date.now().toString(36)}-${serial}"`;
    const body = pack(renderBackends(clouds.map(({ name }, i) => [name, snapshots[i]]))).then((packed) => ({
      ...packed,
      etag,
    }));
    const fresh: Kept = { names, snapshots: snapshots.map((snapshot) => snapshot && new WeakRef(snapshot)), body };
    kept = [fresh, ...kept.filter((one) => one.names !== names)].slice(0, MAX_KEPT);
    body.catch(() => {
      kept = kept.filter((one) => one !== fresh);
    });
    return body;
  };
}

function* renderBackends(
  clouds: readonly (readonly [name: string, snapshot: Snapshot | undefined])[],
): Generator<string> {
  yield `{"clouds":${visibleJson(clouds.map(([name, snapshot]) => viewCloud(name, snapshot)))},"backends":[`;
  let comma = '';
  for (const [name, snapshot] of clouds) {
    for (const backend of snapshot?.backends ?? []) {
      yield comma;
      yield* backendJson(name, snapshot as Snapshot, backend);
      comma = ',';
    }
  }
  yield ']}';
}

/** A watched cloud as the web server sees it. */
export type ServedCloud = FleetCloud;

/** Everything that the web server shows. The list is swapped whole when the configuration is reloaded. */
export interface Served {
  readonly clouds: () => readonly ServedCloud[];
  /** Tells when the list was swapped; returns how to stop that. */
  readonly onClouds: (listener: () => void) => () => void;
  /** What `/metrics` shows: with one cloud all of it, with several what belongs to the process. */
  readonly metrics: () => PageSource;
  readonly grafanaUrl: () => string | undefined;
  readonly runbookUrl: () => string | undefined;
}
