import { dirname } from 'node:path';
import { ConfigError } from '../config/error.ts';
import { problemLines } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import type { Secret } from '../config/secret.ts';
import type { MapTree } from '../config/tree.ts';
import { parseTree } from '../config/yaml-tree.ts';
import type { TlsConfig } from './tls-config.ts';
import { readHttp } from './web-config-http.ts';
import { readRateLimit } from './web-config-rate.ts';
import type { RateLimit } from './web-config-rate.ts';
import { openSection } from './web-config-section.ts';
import { readTls } from './web-config-tls.ts';
import { readUsers } from './web-config-users.ts';

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
