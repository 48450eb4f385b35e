import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../packaging/manifests.ts';
import type { PodSpec } from '../packaging/pod-security.ts';

type Files = Readonly<Record<string, string>>;

interface Source {
  readonly secret?: { readonly secretName?: string; readonly name?: string; readonly items?: readonly Item[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly Item[] };
  readonly projected?: { readonly sources: readonly Source[] };
}

interface Item {
  readonly key: string;
  readonly path: string;
}

/** As much of a pod as says which files its container finds. */
export interface Pod extends PodSpec {
  readonly containers: readonly (PodSpec['containers'][number] & {
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  })[];
  readonly volumes?: readonly (Readonly<Record<string, unknown>> & Source & { readonly name: string })[];
}

/**
 * Writes below `folder` what the first container would find in its volumes, and gives its flags and variables; paths in /etc lead there.
 * Secrets that are not among the manifests are given by name.
 */
export function podFiles(
  folder: string,
  pod: Pod,
  manifests: readonly Manifest[],
  secrets: Readonly<Record<string, Files>>,
): { readonly args: readonly string[]; readonly env: Record<string, string> } {
  const here = (text: string): string => text.replaceAll('/etc/', `${folder}/etc/`);
  const named = (kind: string, name = ''): Files => {
    const found = manifests.find((one) => one.kind === kind && one.metadata.name === name) as
      | { data?: Files }
      | undefined;
    if (!found?.data) throw new Error(`no ${kind} ${name}`);
    const decoded = (value: string): string => (kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value);
    return Object.fromEntries(Object.entries(found.data).map(([key, value]) => [key, decoded(value)]));
  };
  const filesOf = ({ secret, configMap, projected }: Source): Files => {
    if (projected) return Object.assign({}, ...projected.sources.map(filesOf)) as Files;
    const name = secret?.secretName ?? secret?.name ?? '';
    const files = secret
      ? (secrets[name] ?? named('Secret', name))
      : configMap
        ? named('ConfigMap', configMap.name)
        : {};
    const items = secret?.items ?? configMap?.items;
    return items ? Object.fromEntries(items.map(({ key, path }) => [path, files[key] ?? ''])) : files;
  };
  const [container] = pod.containers;
  for (const { name, mountPath } of container?.volumeMounts ?? []) {
    const volume = pod.volumes?.find((one) => one.name === name);
    if (!volume) throw new Error(`no volume ${name}`);
    const place = join(folder, mountPath);
    mkdirSync(place, { recursive: true });
    for (const [file, text] of Object.entries(filesOf(volume))) writeFileSync(join(place, file), here(text));
  }
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, here(value)]));
  return { args: (container?.args ?? []).map(here), env };
}
