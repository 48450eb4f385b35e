import { satisfies, zonesOf } from './extra-specs.ts';
import { splitPoolName } from './host.ts';
import type { Service } from './model.ts';
import type { VolumeTypeBackend } from './snapshot.ts';
import type { VolumeType } from './volume-types.ts';
import { asObject } from './wire.ts';

/**
 * Remembers which backends can serve which volume type. Only a backend with pools can be judged; while it is away,
 * what was found last stands, as long as its row is in the service list and the type's extra specs are the same.
 */
export interface TypeMemory {
  /** The types as they are now; every backend is judged anew when it is next seen. */
  readonly set: (types: readonly VolumeType[]) => void;
  /** Judges the backends in a parsed body of get_pools that were not judged since the types were read. */
  readonly learn: (pools: unknown) => void;
  readonly rows: (services: readonly Service[]) => readonly VolumeTypeBackend[];
}

export function createTypeMemory(): TypeMemory {
  let types: readonly VolumeType[] = [];
  /** Hosts by the id of the type. */
  let serving = new Map<string, Set<string>>();
  let judged = new Set<string>();

  function judge(host: string, pools: readonly unknown[]): void {
    const capabilities = pools.map(asObject).filter((one) => one !== undefined);
    for (const { id, specs } of types) {
      const hosts = serving.get(id) ?? new Set();
      serving.set(id, hosts);
      if (specs && capabilities.some((one) => satisfies(one, specs))) hosts.add(host);
      else hosts.delete(host);
    }
    judged.add(host);
  }

  return {
    set(next) {
      const before = new Map(types.map((type) => [type.id, fingerprint(type)]));
      const kept = next.filter((type) => before.get(type.id) === fingerprint(type));
      serving = new Map(kept.map(({ id }) => [id, serving.get(id) ?? new Set()]));
      types = next;
      judged = new Set();
    },
    learn(pools) {
      const list = asObject(pools)?.['pools'];
      if (types.length === 0 || !Array.isArray(list)) return;
      const fresh = new Map<string, unknown[]>();
      for (const row of list as readonly unknown[]) {
        const name = asObject(row)?.['name'];
        if (typeof name !== 'string') continue;
        const { host } = splitPoolName(name.toWellFormed());
        if (judged.has(host)) continue;
        const of = fresh.get(host) ?? [];
        of.push(asObject(row)?.['capabilities']);
        fresh.set(host, of);
      }
      for (const [host, of] of fresh) judge(host, of);
    },
    rows(services) {
      const zones = zonesByBackend(services);
      for (const hosts of serving.values()) for (const host of hosts) if (!zones.has(host)) forget(host);
      return types.flatMap(({ id, name, specs }) => {
        const allowed = specs && zonesOf(specs);
        const fits = (host: string): boolean => !allowed || allowed.some((zone) => zones.get(host)?.has(zone));
        return [...(serving.get(id) ?? [])]
          .filter(fits)
          .toSorted()
          .map((host) => ({ volumeType: name, host }));
      });
    },
  };

  function forget(host: string): void {
    for (const hosts of serving.values()) hosts.delete(host);
    judged.delete(host);
  }
}

function fingerprint({ specs }: VolumeType): string {
  return JSON.stringify([...(specs ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
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
