import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { problem } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import { contextOptions } from './tls-config.ts';
import type { TlsContext } from './tls-config.ts';
import type { Pem } from './tls-pem.ts';

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
