import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { FileError, readRegularFile, systemError } from '../config/regular-file.ts';
import type { Environment } from './clouds/files.ts';

/** A certificate in PEM, as OpenSSL writes it. */
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** More certificates are in no folder of authorities. */
const MAX_FOLDER_FILES = 2000;

/** The certificates of a folder that `openssl rehash` made: only files that are named by a hash count, as OpenSSL has it. Throws `FileError`. */
export function readHashedFolder(folder: string): string {
  const names = namesIn(folder).filter((name) => /^[0-9a-f]{8}\.\d{1,3}$/.test(name));
  if (names.length === 0)
    throw new FileError(folder, 'expected a PEM file, or a folder made by "openssl rehash", got one without hashes');
  if (names.length > MAX_FOLDER_FILES)
    throw new FileError(folder, `expected at most ${MAX_FOLDER_FILES} certificates, got ${names.length}`);
  return [...new Set(names.toSorted().map((name) => readRegularFile(join(folder, name))))].join('\n');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw systemError(folder, error);
  }
}

/** Where systems keep their list. Source: Go, crypto/x509, root_linux.go. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Whom to trust where nothing is configured, as PEM: Node.js's own list, `NODE_EXTRA_CA_CERTS`, and the system's list, which `SSL_CERT_FILE` and
 * `SSL_CERT_DIR` move (OpenSSL's variables). The same on every version of Node.js. A list that cannot be read is passed over, as OpenSSL does.
 */
export function defaultAuthorities(env: Environment, systemFiles: readonly string[] = SYSTEM_FILES): readonly string[] {
  const system = env['SSL_CERT_FILE'] ? [env['SSL_CERT_FILE']] : systemFiles;
  const folders = env['SSL_CERT_DIR']?.split(':').filter(Boolean) ?? [];
  const texts = [
    env['NODE_EXTRA_CA_CERTS'] && readable(() => readRegularFile(String(env['NODE_EXTRA_CA_CERTS']))),
    firstOf(system.map((file) => () => readable(() => readRegularFile(file)))),
    ...folders.map((folder) => readable(() => readHashedFolder(folder))),
  ];
  const seen = new Map(rootCertificates.map((pem) => [bare(pem), pem]));
  for (const pem of texts.flatMap((text) => (text || '').match(CERTIFICATE) ?? []))
    if (!seen.has(bare(pem)) && parses(pem)) seen.set(bare(pem), pem);
  return [...seen.values()];
}

function firstOf(reads: readonly (() => string | undefined)[]): string | undefined {
  for (const read of reads) {
    const text = read();
    if (text !== undefined) return text;
  }
  return undefined;
}

function readable(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function bare(pem: string): string {
  return pem.replace(/-----[^-]*-----|\s/g, '');
}

/** One certificate that OpenSSL does not know would spoil the whole list. */
function parses(pem: string): boolean {
  try {
    return pem.startsWith('-----BEGIN CERTIFICATE') && new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}
