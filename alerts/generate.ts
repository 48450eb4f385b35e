import { mkdir, writeFile } from 'node:fs/promises';
import { renderRules, type RulesFormat } from '../src/rules/render.ts';
import { defaultSettings } from '../src/rules/settings.ts';

/** The files that are made from `src/rules/`, relative to this folder. */
export const GENERATED: ReadonlyMap<string, RulesFormat> = new Map([
  ['cinder.rules.yml', 'prometheus'],
  ['kubernetes/cinder-exporter-prometheusrule.yaml', 'prometheusrule'],
]);

if (process.argv[1] === import.meta.filename) {
  await mkdir(new URL('kubernetes/', import.meta.url), { recursive: true });
  for (const [file, format] of GENERATED)
    await writeFile(new URL(file, import.meta.url), renderRules(defaultSettings(), format));
}
