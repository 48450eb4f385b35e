import type { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config/error.ts';
import { keyFault, opensslCode, parseCertificates } from '../config/pem.ts';
import { type Problem, problem, problemAt, problemLines, schemaProblems, treeAt } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { Secret } from '../config/secret.ts';
import { isSensitive, kindText, type MapTree, placeText, plainValue, quoted } from '../config/tree.ts';
import { keyText, readTree } from '../config/yaml.ts';
import { GUARDS, type RateLimit, type TlsSettings, webSchema, writtenLeaf } from './schema.ts';
import { contextOptions, type TlsConfig } from './tls.ts';

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

/** Reads `--web.config.file` in exporter-toolkit's format (YAML 1.1: `http2: no`), and what it refers to. Throws `ConfigError` with every problem. */
export function loadWebConfig(file: string): WebConfig {
  const root = readTree(file, '1.1', 'allowed');
  throwIfAny(emptyGuards(root));
  const { success, data, error } = webSchema.safeParse(plainValue(root, writtenLeaf));
  const problems = [...userNames(root), ...(success ? [] : schemaProblems(root, error.issues))];
  const pems = root.entries.has(TLS) ? readPems(root, dirname(file), problems) : undefined;
  throwIfAny(problems);
  const settings = data?.tls_server_config?.settings;
  const tls = settings && pems ? tlsConfig(root, settings, pems) : undefined;
  const users = data?.basic_auth_users ?? new Map<string, Secret>();
  const open = users.size > 0 && !tls ? ['Basic authentication without TLS sends passwords in the clear.'] : [];
  return {
    file,
    tls,
    headers: data?.http_server_config?.headers ?? new Map<string, string>(),
    users,
    rateLimit: data?.rate_limit,
    files: [file, ...(tls?.files ?? [])],
    empty: root.entries.size === 0,
    warnings: [...(tls?.warnings ?? []), ...open],
  };
}

function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(problemLines(problems));
}

function emptyGuards(root: MapTree): readonly Problem[] {
  const expected = 'a value (leave the key out when there is none)';
  const problems: Problem[] = [];
  for (const [name, known] of GUARDS) {
    const guard = root.entries.get(name);
    if (!guard) continue;
    const { keyAt, value } = guard;
    const entries = value.kind === 'map' ? [...value.entries] : [];
    if (value.kind === 'map' ? entries.length === 0 : value.kind === 'leaf' && value.value === null)
      problems.push(problem(keyAt, [name], expected, kindText(value)));
    for (const [key, { keyAt, value }] of entries)
      if (known.includes(key) && value.kind === 'leaf' && value.text.trim() === '')
        problems.push(problem(keyAt, [name, key], expected, 'nothing'));
  }
  return problems;
}

function userNames(root: MapTree): readonly Problem[] {
  const users = root.entries.get('basic_auth_users')?.value;
  return (users?.kind === 'map' ? [...users.entries] : [])
    .filter(([name]) => name.includes(':'))
    .map(([name, { keyAt }]) =>
      problem(keyAt, ['basic_auth_users', name], 'a user name without ":"', 'one that cannot be sent'),
    );
}

const TLS = 'tls_server_config';

/** A PEM text, and the key of the configuration that holds or names it. */
interface Pem {
  readonly text: string;
  readonly path: readonly string[];
  /** Undefined when it stands in the configuration itself. */
  readonly file: string | undefined;
}

interface Pems {
  readonly cert: Pem;
  /** The server's own certificate. */
  readonly leaf: X509Certificate;
  readonly key: Pem;
  readonly clientCa: Pem | undefined;
}

/** What `tls_server_config` holds or names. Relative file names belong to `folder`. Undefined when something is missing or wrong. */
function readPems(root: MapTree, folder: string, problems: Problem[]): Pems | undefined {
  const clientCa = readPem(root, 'client_ca', folder, undefined, problems);
  if (clientCa) certificatesOf(root, clientCa, problems);
  const cert = readPem(root, 'cert', folder, "a file with the server's certificate (or cert)", problems);
  const key = readPem(root, 'key', folder, "a file with the certificate's private key (or key)", problems);
  const [leaf] = cert ? certificatesOf(root, cert, problems) : [];
  const fault = key && keyFault(key.text, leaf);
  if (fault) problems.push(problemAt(root, key.path, fault.expected, fault.got));
  return cert && leaf && key ? { cert, leaf, key, clientCa } : undefined;
}

function certificatesOf(root: MapTree, { text, path }: Pem, problems: Problem[]): readonly X509Certificate[] {
  const certificates = parseCertificates(text);
  if (!('expected' in certificates)) return certificates;
  problems.push(problemAt(root, path, certificates.expected, certificates.got));
  return [];
}

/** What `name` holds or the file of `name_file`. `needed` says what is expected when there is neither. A value that is no text is the schema's to refuse. */
function readPem(
  root: MapTree,
  name: string,
  folder: string,
  needed: string | undefined,
  problems: Problem[],
): Pem | undefined {
  if (treeAt(root, [TLS])?.kind !== 'map') return undefined;
  const paths = { inline: [TLS, name], named: [TLS, `${name}_file`] };
  const [inline, named] = [paths.inline, paths.named].map((path) => {
    const tree = treeAt(root, path);
    return tree?.kind === 'leaf' ? writtenLeaf(tree) : tree;
  });
  if (inline && named) problems.push(problemAt(root, paths.named, `${name} or ${name}_file`, 'both'));
  else if (inline)
    return inline.kind === 'leaf' ? { text: inline.text, path: paths.inline, file: undefined } : undefined;
  else if (named?.kind === 'leaf') return readNamed(root, named.text, folder, paths.named, problems);
  else if (!named && needed !== undefined) problems.push(problemAt(root, paths.named, needed));
  return undefined;
}

function readNamed(
  root: MapTree,
  named: string,
  folder: string,
  path: readonly string[],
  problems: Problem[],
): Pem | undefined {
  const file = resolve(folder, named);
  try {
    return { text: readRegularFile(file), path, file };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const at = treeAt(root, path)?.at ?? root.at;
    const shown = isSensitive(named) ? quoted(named) : quoted(file);
    problems.push({ at, text: `${placeText(at)}: ${keyText(path)}: ${error.reason} (${shown})` });
    return undefined;
  }
}

/** Throws `ConfigError` for what OpenSSL refuses although every part is well formed, such as a key that is too small. */
function tlsConfig(root: MapTree, settings: TlsSettings, { cert, leaf, key, clientCa }: Pems): TlsConfig {
  const { clientAuth } = settings;
  const checked = clientAuth === 'RequireAndVerifyClientCert' || clientAuth === 'NoClientCert';
  const config: TlsConfig = {
    ...settings,
    cert: cert.text,
    key: new Secret(key.text),
    clientCa: clientCa?.text,
    expiresAtMs: Date.parse(leaf.validTo),
    files: [cert, key, clientCa].flatMap((pem) => pem?.file ?? []),
    warnings: [
      ...certificateWarnings(leaf),
      ...(checked ? [] : [`client_auth_type ${clientAuth} lets in clients without a verified certificate.`]),
    ],
  };
  try {
    createSecureContext(contextOptions(config));
  } catch (error) {
    throwIfAny([problemAt(root, cert.path, 'a certificate and settings that OpenSSL takes', opensslCode(error))]);
  }
  return config;
}

/** What is odd about the time now, in a sentence for the log. */
function certificateWarnings({ validFrom, validTo }: X509Certificate, nowMs = Date.now()): readonly string[] {
  if (Date.parse(validTo) < nowMs) return [`The server's certificate ended on ${isoDay(validTo)}.`];
  if (Date.parse(validFrom) > nowMs) return [`The server's certificate is valid only from ${isoDay(validFrom)}.`];
  return [];
}

function isoDay(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
