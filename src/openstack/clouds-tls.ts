import { Secret } from '../config/secret.ts';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { join, resolve } from 'node:path';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { quoted } from '../config/tree.ts';
import type { ClientTls } from './access.ts';
import type { Settings, Written } from './clouds-settings.ts';

/** Where relative paths and `~` lead. */
export interface PathBase {
  readonly cwd: string;
  readonly home: string;
}

export interface LoadedTls {
  readonly tls: ClientTls;
  readonly files: readonly string[];
}

/** Reads `cacert`, `cert` and `key`, and sees that they are what they should be; what is wrong goes to `settings.problems`. */
export function tlsOf(settings: Settings, base: PathBase): LoadedTls {
  const written = { ca: settings.top('cacert'), cert: settings.top('cert'), key: settings.top('key') };
  const ca = readPem(settings, written.ca, base);
  const cert = readPem(settings, written.cert, base);
  const key = readPem(settings, written.key, base);
  const caOk = written.ca && ca && certificatesOk(settings, written.ca, ca);
  const certOk = written.cert && cert && certificatesOk(settings, written.cert, cert);
  if (written.key && !written.cert) settings.wrong(written.key, 'expected a cert beside the key, got the key alone');
  const keyText = key?.text ?? (written.key || !cert || !PRIVATE_KEY.test(cert.text) ? undefined : cert.text);
  if (written.cert && cert && !written.key && keyText === undefined) {
    settings.wrong(written.cert, `expected a key beside the cert, or the key in the same file, got only ${cert.file}`);
  }
  if (certOk && keyText !== undefined && cert && written.cert) {
    checkKey(settings, written.key ?? written.cert, key?.file ?? cert.file, keyText, cert.text);
  }
  return {
    tls: {
      ...(caOk && ca ? { ca: ca.text } : {}),
      ...(certOk && cert ? { cert: new Secret(cert.text) } : {}),
      ...(certOk && keyText !== undefined ? { key: new Secret(keyText) } : {}),
      verify: verifyOf(settings),
    },
    files: [ca, cert, key].flatMap((pem) => (pem ? [pem.file] : [])),
  };
}

interface Pem {
  readonly file: string;
  readonly text: string;
}

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function readPem(settings: Settings, written: Written | undefined, { cwd, home }: PathBase): Pem | undefined {
  if (!written) return undefined;
  const path = /^~(?:\/|$)/.test(written.text) ? join(home, written.text.slice(1)) : resolve(cwd, written.text);
  try {
    return { file: path, text: readRegularFile(path) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    settings.wrong(written, `${error.file}: ${error.reason}`);
    return undefined;
  }
}

function certificatesOk(settings: Settings, written: Written, { file, text }: Pem): boolean {
  const blocks = text.match(CERTIFICATE) ?? [];
  const bad = blocks.findIndex((block) => !parses(() => new X509Certificate(block)));
  if (blocks.length > 0 && bad < 0) return true;
  const got = blocks.length === 0 ? 'none' : `a broken one (number ${bad + 1})`;
  settings.wrong(written, `${file}: expected a PEM certificate, got ${got}`);
  return false;
}

function checkKey(settings: Settings, written: Written, file: string, keyPem: string, certPem: string): void {
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(keyPem);
  const key = encrypted ? undefined : parses(() => createPrivateKey(keyPem));
  const first = certPem.match(CERTIFICATE)?.[0] ?? '';
  if (encrypted)
    settings.wrong(written, `${file}: expected a PEM private key without a passphrase, got an encrypted one`);
  else if (!key) settings.wrong(written, `${file}: expected a PEM private key, got none`);
  else if (!new X509Certificate(first).checkPrivateKey(key)) {
    settings.wrong(written, `${file}: expected the private key of the certificate, got another one's`);
  }
}

/** The value, or undefined when OpenSSL does not understand it: its messages say nothing more to an operator. */
function parses<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** `insecure` wins over `verify`, as in openstacksdk. */
function verifyOf(settings: Settings): boolean {
  const verify = booleanOf(settings, settings.top('verify')) ?? true;
  return booleanOf(settings, settings.top('insecure')) === true ? false : verify;
}

function booleanOf(settings: Settings, written: Written | undefined): boolean | undefined {
  if (!written) return undefined;
  const word = written.text.toLowerCase();
  if (/^(?:true|yes|on|y|1)$/.test(word)) return true;
  if (/^(?:false|no|off|n|0)$/.test(word)) return false;
  settings.wrong(written, `expected true or false, got ${quoted(written.text)}`);
  return undefined;
}
