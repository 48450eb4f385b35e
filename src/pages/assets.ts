import { createHash } from 'node:crypto';
import { CLIENT } from './client.ts';
import { STYLE } from './style.ts';

/** A file that the pages load from our own origin. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

export const ASSETS = {
  'status.css': { type: 'text/css; charset=utf-8', body: STYLE },
  'status.js': { type: 'text/javascript; charset=utf-8', body: CLIENT },
} as const satisfies Readonly<Record<string, Asset>>;

const LINKS = Object.fromEntries(
  Object.entries(ASSETS).map(([file, { body }]) => [
    file,
    `${file}?v=${createHash('sha256').update(body).digest('hex').slice(0, 12)}`,
  ]),
);

/** A file's address, which changes with what is in it: browsers may keep it for ever. */
export function assetLink(file: keyof typeof ASSETS): string {
  return LINKS[file] ?? file;
}
