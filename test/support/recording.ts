import { readFileSync } from 'node:fs';

/** The body that a real Keystone or Cinder answered, by the name of its recording. */
export function recording(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/recordings/${name}.json`, import.meta.url), 'utf8'));
}
