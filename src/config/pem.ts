import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** What is wrong with a PEM text; never a word of the text itself. */
export interface PemFault {
  readonly expected: string;
  readonly got: string;
}

const CERTIFICATE_START = /(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/;

/** All certificates of a PEM text, the first one first. Every one must be whole. */
export function parseCertificates(text: string): readonly X509Certificate[] | PemFault {
  const blocks = text.split(CERTIFICATE_START).filter((block) => CERTIFICATE_START.test(block));
  const certificates: X509Certificate[] = [];
  const expected = 'certificates in PEM';
  if (blocks.length === 0) return { expected, got: 'text without one' };
  for (const block of blocks) {
    try {
      certificates.push(new X509Certificate(block));
    } catch (error) {
      return { expected, got: `a broken one (number ${certificates.length + 1}, ${opensslCode(error)})` };
    }
  }
  return certificates;
}

/** What is wrong with a private key: unreadable, encrypted, or not the certificate's. */
export function keyFault(text: string, certificate: X509Certificate | undefined): PemFault | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    if (/ENCRYPTED/.test(text)) return { expected: 'a private key without a passphrase', got: 'an encrypted one' };
    const got = PRIVATE_KEY.test(text) ? `a broken one (${opensslCode(error)})` : 'text without one';
    return { expected: 'a private key in PEM', got };
  }
  if (!certificate || certificate.checkPrivateKey(key)) return undefined;
  return { expected: "the certificate's private key", got: 'the key of another one' };
}

/** The beginning of a private key in PEM. */
export const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

/** OpenSSL's codes name the fault and never quote the text. */
export function opensslCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'an unknown error';
}
