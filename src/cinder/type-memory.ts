import { canServe } from './capabilities-filter.ts';
import type { Service } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import type { VolumeType } from './volume-types.ts';
import type { Json } from './wire.ts';

/**
 * Remembers which backends can serve which volume type. Only a backend with pools can be judged; while it is away,
 * what was found last stands, as long as its row is in the service list and the type's extra specs are the same.
 */
export interface TypeMemory {
  /** The types as they are now; every backend is judged anew when it is next seen. */
  readonly set: (types: readonly VolumeType[]) => void;
  /** Judges the pools of backends that were not judged since the types were read; called for each pool of an answer. */
  readonly see: (host: string, stats: Json) => void;
  /** The answer is at its end. Only when it was whole, what was seen of a backend is all there is of it. */
  readonly seen: (whole: boolean) => void;
  readonly rows: (services: readonly Service[]) => readonly VolumeTypeBackend[];
}

export function createTypeMemory(): TypeMemory {
  let types: readonly VolumeType[] = [];
  /** Hosts by the id of the type. */
  let serving = new Map<string, Set<string>>();
  let judged = new Set<string>();
  /** In the answer that is being read: the ids of the types that each backend can serve. */
  let reading = new Map<string, Set<string>>();

  return {
    set(next) {
      const before = new Map(types.map((type) => [type.id, fingerprint(type)]));
      const kept = next.filter((type) => before.get(type.id) === fingerprint(type));
      serving = new Map(kept.map(({ id }) => [id, serving.get(id) ?? new Set()]));
      // Pages may overlap while types come and go.
      types = [...new Map(next.map((type) => [type.id, type])).values()];
      judged = new Set();
      reading = new Map();
    },
    see(host, stats) {
      if (types.length === 0 || judged.has(host)) return;
      const served = reading.get(host) ?? new Set();
      reading.set(host, served);
      for (const { id, specs } of types) if (specs && !served.has(id) && canServe(stats, specs)) served.add(id);
    },
    seen(whole) {
      for (const [host, served] of whole ? reading : []) {
        for (const { id } of types) remember(id, host, served.has(id));
        judged.add(host);
      }
      reading = new Map();
    },
    rows(services) {
      const zones = zonesByBackend(services);
      for (const hosts of serving.values()) for (const host of hosts) if (!zones.has(host)) forget(host);
      const told = new Set<string>();
      return types.flatMap(({ id, name, specs }) => {
        const allowed = specs && zonesOf(specs);
        const fits = (host: string): boolean => !allowed || allowed.some((zone) => zones.get(host)?.has(zone));
        return [...(serving.get(id) ?? [])]
          .filter(fits)
          .toSorted()
          .map((host) => ({ volumeType: name, host }))
          .filter((row) => isNew(told, JSON.stringify(row)));
      });
    },
  };

  function remember(id: string, host: string, serves: boolean): void {
    const hosts = serving.get(id) ?? new Set();
    serving.set(id, hosts);
    if (serves) hosts.add(host);
    else hosts.delete(host);
  }

  function forget(host: string): void {
    for (const hosts of serving.values()) hosts.delete(host);
    judged.delete(host);
  }
}

/** Names are unique in Cinder, but a page with one series twice would be lost as a whole. */
function isNew(told: Set<string>, row: string): boolean {
  return !told.has(row) && Boolean(told.add(row));
}

function fingerprint({ specs }: VolumeType): string {
  return JSON.stringify([...(specs ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The zones that a type is bound to, by its `RESKEY:availability_zones`; undefined: all. Source: extract_availability_zones_from_volume_type. */
function zonesOf(specs: NonNullable<VolumeType['specs']>): readonly string[] | undefined {
  const zones = specs
    .get('RESKEY:availability_zones')
    ?.split(',')
    .map((zone) => zone.trim())
    .filter((zone) => zone !== '');
  return zones && zones.length > 0 ? zones : undefined;
}

/** The zones of each backend's services. */
function zonesByBackend(services: readonly Service[]): Map<string, Set<string>> {
  const zones = new Map<string, Set<string>>();
  for (const { binary, host, cluster, zone } of services) {
    if (binary !== 'cinder-volume') continue;
    const backend = cluster ?? host;
    const of = zones.get(backend) ?? new Set();
    zones.set(backend, of.add(zone));
  }
  return zones;
}
