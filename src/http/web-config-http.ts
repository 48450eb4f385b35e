import { validateHeaderValue } from 'node:http';
import type { Problem } from '../config/problems.ts';
import { openSection } from './web-config-section.ts';
import type { SectionTree } from './web-config-section.ts';

/** The headers that exporter-toolkit lets a file set, with the values it insists on. */
const HEADERS: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ['Content-Security-Policy', undefined],
  ['X-Frame-Options', ['deny', 'sameorigin']],
  ['X-Content-Type-Options', ['nosniff']],
  ['X-XSS-Protection', undefined],
  ['Strict-Transport-Security', undefined],
]);

/** `http_server_config`. `http2` is read and checked but has no effect: express 5 cannot answer Node's HTTP/2 requests, so HTTP/1.1 is served. */
export interface HttpConfig {
  readonly http2: boolean;
  /** By name as in the file. An empty value means "do not send it". */
  readonly headers: ReadonlyMap<string, string>;
}

export function readHttp({ tree, keyAt, key }: SectionTree, problems: Problem[]): HttpConfig {
  const http = openSection(tree, keyAt, [key], ['http2', 'headers'], problems);
  const http2 = http.flag('http2', true);
  const inner = http.section('headers');
  const section = openSection(inner.tree, inner.keyAt, [key, 'headers'], [...HEADERS.keys()], problems);
  const headers = new Map<string, string>();
  for (const name of section.keys.filter((name) => HEADERS.has(name))) {
    const allowed = HEADERS.get(name);
    const expected = allowed ? allowed.join(' or ') : 'text for one line';
    const value = section.text(name, expected)?.trim() ?? '';
    if ((allowed && value !== '' && !allowed.includes(value)) || !isHeaderValue(name, value))
      section.refuse(name, expected);
    headers.set(name, value);
  }
  return { http2, headers };
}

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
