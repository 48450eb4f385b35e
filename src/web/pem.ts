import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { problem, type Problem } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { isSensitive, type Place, placeText, quoted } from '../config/tree.ts';
import { keyText } from '../config/yaml.ts';
import type { Section } from './section.ts';
import { contextOptions, type TlsContext } from './tls.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** All certificates of a PEM text, the first one first; undefined, and a problem, when there is none or a broken one. */
export function parseCertificates(pem: Pem, problems: Problem[]): readonly X509Certificate[] | undefined {
  const blocks = pem.text.split(BEGIN).slice(1);
  const note = (got: string): undefined => {
    problems.push(problem(pem.at, pem.path, 'certificates in PEM', got));
  };
  if (blocks.length === 0) return note('text without one');
  try {
    return blocks.map((block) => new X509Certificate(BEGIN + block));
  } catch (error) {
    return note(`one that cannot be parsed (${codeOf(error)})`);
  }
}

/** Notes a private key that is unreadable, encrypted, or not the certificate's. */
export function checkKey(key: Pem, certificate: X509Certificate | undefined, problems: Problem[]): void {
  const parsed = parseKey(key, problems);
  if (parsed && certificate && !certificate.checkPrivateKey(parsed)) {
    problems.push(problem(key.at, key.path, "the certificate's private key", 'the key of another one'));
  }
}

function parseKey(key: Pem, problems: Problem[]): KeyObject | undefined {
  try {
    return createPrivateKey(key.text);
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(key.text);
    const got = /PRIVATE KEY-----/.test(key.text) ? `one that cannot be parsed (${codeOf(error)})` : 'text without one';
    const expected = encrypted ? 'a private key without a passphrase' : 'a private key in PEM';
    problems.push(problem(key.at, key.path, expected, encrypted ? 'an encrypted one' : got));
    return undefined;
  }
}

/** Notes what OpenSSL refuses although every part is well formed, such as a key that is too small. */
export function checkContext(tls: TlsContext, cert: Pem, problems: Problem[]): void {
  try {
    createSecureContext(contextOptions(tls));
  } catch (error) {
    problems.push(problem(cert.at, cert.path, 'a certificate and settings that OpenSSL takes', codeOf(error)));
  }
}

/** What is odd about the time now, in a sentence for the log. */
export function certificateWarnings({ validFrom, validTo }: X509Certificate, nowMs = Date.now()): readonly string[] {
  if (Date.parse(validTo) < nowMs) return [`The server's certificate ended on ${isoDay(validTo)}.`];
  if (Date.parse(validFrom) > nowMs) return [`The server's certificate is valid only from ${isoDay(validFrom)}.`];
  return [];
}

function isoDay(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}

/** OpenSSL's codes name the fault and never quote the text. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'an unknown error';
}

/** A PEM text, and where the configuration says it is. */
export interface Pem {
  readonly text: string;
  readonly at: Place;
  readonly path: readonly string[];
  /** Undefined when it stands in the configuration itself. */
  readonly file: string | undefined;
}

/** What `name` holds or the file of `name_file`, relative to `folder`. `needed` says what is expected when there is neither. */
export function readPem(
  section: Section,
  name: string,
  folder: string,
  needed: string | undefined,
  problems: Problem[],
): Pem | undefined {
  const fileKey = `${name}_file`;
  const before = problems.length;
  const inline = section.text(name, 'PEM text') || undefined;
  const named = section.text(fileKey, 'a file name') || undefined;
  const path = [...section.path, named === undefined ? name : fileKey];
  const at = section.valueAt(named === undefined ? name : fileKey);
  if (inline !== undefined && named !== undefined) {
    section.refuse(fileKey, `${name} or ${fileKey}`, 'both');
    return undefined;
  }
  if (inline !== undefined) return { text: inline, at, path, file: undefined };
  if (named !== undefined) return readNamed(named, folder, at, path, problems);
  if (needed !== undefined && problems.length === before)
    problems.push(problem(section.keyAt(fileKey), [...section.path, fileKey], needed, 'nothing'));
  return undefined;
}

function readNamed(
  named: string,
  folder: string,
  at: Place,
  path: readonly string[],
  problems: Problem[],
): Pem | undefined {
  const file = resolve(folder, named);
  try {
    return { text: readRegularFile(file), at, path, file };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    problems.push({
      at,
      text: `${placeText(at)}: ${keyText(path)}: ${error.reason} (${isSensitive(named) ? quoted(named) : quoted(file)})`,
    });
    return undefined;
  }
}
