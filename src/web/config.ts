import { validateHeaderValue } from 'node:http';
import { dirname } from 'node:path';
import { ConfigError } from '../config/error.ts';
import { type Problem, problem, problemLines } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { Secret } from '../config/secret.ts';
import type { MapTree } from '../config/tree.ts';
import { parseTree } from '../config/yaml.ts';
import { readTls } from './config-tls.ts';
import { openSection, type SectionTree } from './section.ts';
import type { TlsConfig } from './tls.ts';

/** The web configuration file, checked, with the certificates it names already read. */
export interface WebConfig {
  readonly file: string;
  /** Undefined: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** By name as in the file; an empty value takes the header away. */
  readonly headers: ReadonlyMap<string, string>;
  /** bcrypt hash by user name; without any, no password is asked for. */
  readonly users: ReadonlyMap<string, Secret>;
  readonly rateLimit: RateLimit | undefined;
  /** Everything that was read, the file itself first: when one of these changes, load again. */
  readonly files: readonly string[];
  /** Nothing is written in it. */
  readonly empty: boolean;
  /** What is allowed but unwise, one sentence each, for the log. */
  readonly warnings: readonly string[];
}

/** Reads `--web.config.file` in exporter-toolkit's format, and what it refers to. Throws `ConfigError` with every problem. */
export function loadWebConfig(file: string): WebConfig {
  const root = parseRoot(file);
  const problems: Problem[] = [];
  const sections = openSection(root, undefined, [], SECTIONS, problems);
  const { headers, http2 } = readHttp(sections.section('http_server_config'), problems);
  const tls = readTls(sections.section('tls_server_config'), dirname(file), http2, problems);
  const users = readUsers(sections.section('basic_auth_users'), problems);
  const rateLimit = readRateLimit(sections.section('rate_limit'), problems);
  if (problems.length > 0) throw new ConfigError(problemLines(problems));
  const open = users.size > 0 && !tls ? ['Basic authentication without TLS sends passwords in the clear.'] : [];
  return {
    file,
    tls,
    headers,
    users,
    rateLimit,
    files: [file, ...(tls?.files ?? [])],
    empty: root.entries.size === 0,
    warnings: [...(tls?.warnings ?? []), ...open],
  };
}

const SECTIONS = ['tls_server_config', 'http_server_config', 'basic_auth_users', 'rate_limit'];

/** exporter-toolkit reads YAML 1.1 (`http2: no`), and takes an empty file for one that configures nothing. */
function parseRoot(file: string): MapTree {
  const text = readText(file);
  if (text.split('\n').every((line) => /^\s*(?:#|---\s*$|$)/.test(line))) {
    return { kind: 'map', at: { source: file, line: 1, column: 1 }, entries: new Map() };
  }
  return parseTree(text, file, '1.1');
}

function readText(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw error instanceof FileError ? new ConfigError([error.message]) : error;
  }
}

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

function readHttp({ tree, keyAt, key }: SectionTree, problems: Problem[]): HttpConfig {
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

/** A token bucket: one request more every `intervalMs`, up to `burst` at once. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go writes it (`1.5s`, `1m30s`, `0`); undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d{1,12}(?:\.\d{1,12})?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return sum;
}

/** `rate_limit`; undefined when there is none or its interval is 0. */
function readRateLimit({ tree, keyAt, key }: SectionTree, problems: Problem[]): RateLimit | undefined {
  const section = openSection(tree, keyAt, [key], ['interval', 'burst'], problems);
  if (section.refuseEmpty()) return undefined;
  const interval = 'a duration such as 1s or 100ms';
  const text = section.text('interval', interval);
  const intervalMs = text === undefined ? 0 : parseGoDuration(text);
  if (intervalMs === undefined) section.refuse('interval', interval);
  const burst = section.text('burst', 'a whole number');
  const count = burst !== undefined && /^\d{1,9}$/.test(burst) ? Number(burst) : undefined;
  if (burst !== undefined && count === undefined) section.refuse('burst', 'a whole number');
  if (!intervalMs) return undefined;
  // exporter-toolkit would take 0 and then answer no request at all.
  if (burst === undefined || count === 0) section.refuse('burst', 'a whole number of at least 1');
  return { intervalMs, burst: count ?? 1 };
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const LEAST_COST = 4;
/** One comparison at this cost takes seconds; at 31 it would take days. */
const MOST_COST = 16;

/** `basic_auth_users`: name -> bcrypt hash. Problems never show what is written there: it may be the password. */
function readUsers({ tree, keyAt, key }: SectionTree, problems: Problem[]): ReadonlyMap<string, Secret> {
  const section = openSection(tree, keyAt, [key], undefined, problems);
  section.refuseEmpty();
  const users = new Map<string, Secret>();
  for (const name of section.keys) {
    if (name.includes(':'))
      problems.push(problem(section.keyAt(name), [key, name], 'a user name without ":"', 'one that cannot be sent'));
    const before = problems.length;
    const hash = section.text(name, 'a bcrypt hash') ?? '';
    const wrong = problems.length > before ? undefined : hashProblem(hash);
    if (wrong) section.refuse(name, wrong.expected, wrong.got);
    users.set(name, new Secret(hash));
  }
  return users;
}

function hashProblem(hash: string): { readonly expected: string; readonly got: string } | undefined {
  const expected = 'a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters)';
  if (hash === '') return { expected, got: 'nothing' };
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? Number.NaN);
  if (Number.isNaN(cost)) return { expected, got: hash.startsWith('$2') ? 'a damaged one' : 'something else' };
  if (cost >= LEAST_COST && cost <= MOST_COST) return undefined;
  return { expected: `a bcrypt hash of cost ${LEAST_COST} to ${MOST_COST}`, got: `cost ${cost}` };
}
