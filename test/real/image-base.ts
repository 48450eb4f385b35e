import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** The image that the Dockerfile builds on, and its major version of Node.js. */
export function imageBase(): { readonly name: string; readonly major: number } {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const [, name, major] = /^ARG NODE_IMAGE=(\S+:(\d+)\.\S+)$/m.exec(dockerfile) ?? [];
  assert.ok(name && major, 'the Dockerfile pins an exact version of its base');
  return { name, major: Number(major) };
}
