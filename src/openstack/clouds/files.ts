import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../config/error.ts';
import { FileError, readRegularFile } from '../../config/regular-file.ts';
import type { MapTree } from '../../config/tree.ts';
import { parseTree } from '../../config/yaml.ts';
import { UserError } from '../../user-error.ts';

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where openstacksdk looks for its files. */
export interface SearchPlaces {
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
  /** Default: `/etc/xdg/openstack`, `/etc/openstack`. */
  readonly systemDirs?: readonly string[];
}

/** The three kinds of files, and the variable that names one outright. */
const VARIABLES = {
  clouds: 'OS_CLIENT_CONFIG_FILE',
  secure: 'OS_CLIENT_SECURE_FILE',
  'clouds-public': 'OS_CLIENT_VENDOR_FILE',
} as const;

export type FileKind = keyof typeof VARIABLES;

interface FoundFile {
  readonly file: string;
  readonly root: MapTree;
}

/** The outcome of a search: the first file that could be read, and those passed over because reading was not permitted. */
export interface FileSearch {
  readonly found: FoundFile | undefined;
  readonly forbidden: readonly string[];
}

/** The directories that are searched, in order; the first that has a file wins. */
export function searchDirs({ env, cwd, home, systemDirs }: SearchPlaces): readonly string[] {
  const user = env['XDG_CONFIG_HOME'] ? [join(env['XDG_CONFIG_HOME'], 'openstack')] : [];
  const dirs = [cwd, ...user, join(home, '.config', 'openstack')];
  return [...new Set([...dirs, ...(systemDirs ?? ['/etc/xdg/openstack', '/etc/openstack'])])];
}

/** Finds and parses one kind of file as openstacksdk does: `.yaml`, `.yml`, `.json` in each directory. Unlike there, a broken file, or a named one that is missing, is an error and not passed over. Throws `AccessError`. */
export function findFile(kind: FileKind, places: SearchPlaces): FileSearch {
  const variable = VARIABLES[kind];
  const named = places.env[variable];
  if (named) return { found: opened(named, variable), forbidden: [] };
  const forbidden: string[] = [];
  for (const dir of searchDirs(places)) {
    for (const suffix of ['yaml', 'yml', 'json']) {
      const file = join(dir, `${kind}.${suffix}`);
      if (!existsSync(file)) continue;
      const found = openedUnlessForbidden(file);
      if (found) return { found, forbidden };
      forbidden.push(file);
    }
  }
  return { found: undefined, forbidden };
}

function openedUnlessForbidden(file: string): FoundFile | undefined {
  try {
    return opened(file, undefined);
  } catch (error) {
    if (error instanceof AccessError && error.cause instanceof FileError && error.cause.code === 'EACCES') {
      return undefined;
    }
    throw error;
  }
}

function opened(file: string, variable: string | undefined): FoundFile {
  try {
    return { file, root: parseTree(readRegularFile(file), file, '1.1', 'allowed') };
  } catch (error) {
    if (!(error instanceof FileError || error instanceof ConfigError)) throw error;
    const named = variable === undefined || error instanceof ConfigError ? '' : ` (named by ${variable})`;
    const refusal = new AccessError('file', `${error.message}${named}`);
    refusal.cause = error;
    throw refusal;
  }
}

/** `none`: nothing is configured at all. `unknown_cloud`: no entry of that name. `file`: a file that cannot be read or is no YAML. `invalid`: the entry cannot be used. */
export type AccessErrorKind = 'none' | 'unknown_cloud' | 'file' | 'invalid';

/** A cloud that cannot be logged in to as configured. The message lists every problem, one a line, naming file and key; it never holds a secret's value. */
export class AccessError extends UserError {
  override readonly name = 'AccessError';
  readonly kind: AccessErrorKind;

  constructor(kind: AccessErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
