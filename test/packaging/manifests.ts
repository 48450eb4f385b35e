import { ServiceMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { ConfigMap, Namespace, Secret, Service } from 'kubernetes-models/v1';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A Kubernetes object as it is written. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface Model {
  /** Checks against the schema of the API or of the custom resource definition; throws. */
  readonly validate: (manifest: object) => void;
  /** Module with the same schema as a TypeScript type, which knows what keys there are. */
  readonly module: string;
}

const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';

const MODELS: Readonly<Record<string, Model>> = {
  'v1/ConfigMap': { validate: (one) => new ConfigMap(one).validate(), module: 'kubernetes-models/v1' },
  'v1/Namespace': { validate: (one) => new Namespace(one).validate(), module: 'kubernetes-models/v1' },
  'v1/Secret': { validate: (one) => new Secret(one).validate(), module: 'kubernetes-models/v1' },
  'v1/Service': { validate: (one) => new Service(one).validate(), module: 'kubernetes-models/v1' },
  'apps/v1/Deployment': { validate: (one) => new Deployment(one).validate(), module: 'kubernetes-models/apps/v1' },
  'networking.k8s.io/v1/NetworkPolicy': {
    validate: (one) => new NetworkPolicy(one).validate(),
    module: 'kubernetes-models/networking.k8s.io/v1',
  },
  'monitoring.coreos.com/v1/ServiceMonitor': {
    validate: (one) => new ServiceMonitor(one as ConstructorParameters<typeof ServiceMonitor>[0]).validate(),
    module: OPERATOR,
  },
  'monitoring.coreos.com/v1/PrometheusRule': {
    validate: (one) => new PrometheusRule(one as ConstructorParameters<typeof PrometheusRule>[0]).validate(),
    module: OPERATOR,
  },
};

/** The objects of a YAML stream, which Kubernetes reads as YAML 1.1: 0440 is octal. Throws at a syntax error and at a key that is there twice. */
export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** What the real schemas say is wrong: a missing or ill-typed value, an unknown key, an unknown kind. */
export function schemaProblems(manifests: readonly Manifest[]): string[] {
  const problems: string[] = [];
  for (const manifest of manifests) {
    const id = `${manifest.kind} ${manifest.metadata.name}`;
    try {
      const model = MODELS[`${manifest.apiVersion}/${manifest.kind}`];
      if (model) model.validate(manifest);
      else problems.push(`${id}: no schema for ${manifest.apiVersion}`);
    } catch (error) {
      problems.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return problems.length > 0 ? problems : unknownKeys(manifests);
}

/** JSON schemas let unknown keys pass; the compiler does not, in a literal. */
function unknownKeys(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map((manifest, i) => {
    const { module } = MODELS[`${manifest.apiVersion}/${manifest.kind}`] as Model;
    return `import type { I${manifest.kind} as T${i} } from '${module}'; export const m${i}: T${i} = ${JSON.stringify(manifest)};`;
  });
  const folder = mkdtempSync(join(tmpdir(), 'cinder-manifests-'));
  try {
    const modules = new URL('../../node_modules/', import.meta.url).pathname;
    symlinkSync(modules, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'manifests.mts'), lines.join('\n'));
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--types', ''];
    execFileSync(join(modules, '.bin/tsc'), [...flags, 'manifests.mts'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
