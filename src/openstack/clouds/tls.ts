import type { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keyFault, parseCertificates, PRIVATE_KEY } from '../../config/pem.ts';
import { FileError, readRegularFile } from '../../config/regular-file.ts';
import { Secret } from '../../config/secret.ts';
import { quoted } from '../../config/tree.ts';
import type { ClientTls } from '../access.ts';
import { readHashedFolder } from '../authorities.ts';
import type { Environment } from './files.ts';
import type { EntrySettings, Written } from './settings.ts';

/** Where relative paths and `~` lead, and the variables. */
export interface PathBase {
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
}

export interface LoadedTls {
  readonly tls: ClientTls;
  readonly files: readonly string[];
}

/** Reads `cacert`, `cert` and `key`, and sees that they are what they should be; what is wrong goes to `settings.problems`. */
export function tlsOf(settings: EntrySettings, base: PathBase): LoadedTls {
  const verify = isVerified(settings);
  const written = {
    ca: verify ? caOf(settings, base) : undefined,
    cert: settings.top('cert'),
    key: settings.top('key'),
  };
  const ca = readPem(settings, written.ca, base, 'or a folder');
  const cert = readPem(settings, written.cert, base);
  const key = readPem(settings, written.key, base);
  const caOk = written.ca && ca && certificateOf(settings, written.ca, ca);
  const own = written.cert && cert && certificateOf(settings, written.cert, cert);
  if (written.key && !written.cert) settings.wrong(written.key, 'expected a cert beside the key, got the key alone');
  const keyText = key?.text ?? (written.key || !cert || !PRIVATE_KEY.test(cert.text) ? undefined : cert.text);
  if (written.cert && cert && !written.key && keyText === undefined) {
    settings.wrong(written.cert, `expected a key beside the cert, or the key in the same file, got only ${cert.name}`);
  }
  const fault = own && keyText !== undefined ? keyFault(keyText, own) : undefined;
  if (fault && written.cert) {
    const name = key?.name ?? cert?.name ?? '';
    settings.wrong(written.key ?? written.cert, `${name}: expected ${fault.expected}, got ${fault.got}`);
  }
  checkWords(settings);
  return {
    tls: {
      ...(caOk && ca ? { ca: ca.text } : {}),
      ...(own && cert ? { cert: new Secret(cert.text) } : {}),
      ...(own && keyText !== undefined ? { key: new Secret(keyText) } : {}),
      verify,
    },
    files: [ca, cert, key].flatMap((pem) => pem?.file ?? []),
  };
}

/** Where the certificate authorities are written: `cacert`, `verify` with a path, else the variables that Python's clients know. Source: requests, sessions.py, `merge_environment_settings`. */
function caOf(settings: EntrySettings, { env }: PathBase): Written | undefined {
  const verify = settings.top('verify');
  const written = settings.top('cacert') ?? (verify && isPlace(verify) ? verify : undefined);
  if (written) return written;
  const name = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'].find((one) => env[one]);
  const text = name === undefined ? undefined : env[name];
  if (name === undefined || text === undefined) return undefined;
  return { key: 'cacert', text, leaf: { kind: 'leaf', at: { source: name }, value: text, text, quoted: false } };
}

interface Pem {
  /** How messages call it: the path, or that the text stood in place of one. */
  readonly name: string;
  readonly file?: string;
  readonly text: string;
}

const PEM = /-----BEGIN [A-Z0-9 ]+-----/;

/** PEM text in place of a path is taken as it is, as other clients allow: from a variable it may have its line ends as `\n`. */
function readPem(
  settings: EntrySettings,
  written: Written | undefined,
  base: PathBase,
  folder?: string,
): Pem | undefined {
  if (!written) return undefined;
  if (PEM.test(written.text)) return { name: 'the text', text: written.text.replaceAll('\\n', '\n') };
  if (!mayBePath(written.text)) {
    const what = `the path of a PEM file${folder === undefined ? '' : ` ${folder}`}, or PEM text`;
    settings.wrong(written, `expected ${what}, got ${written.text.length} characters of another text`);
    return undefined;
  }
  const path = resolvePath(written.text, base);
  try {
    const text = folder !== undefined && isFolder(path) ? readHashedFolder(path) : readRegularFile(path);
    return { name: path, file: path, text };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    settings.wrong(written, error.message);
    return undefined;
  }
}

/** A text that is no path is never shown: it may be a key that lost its first line. */
function mayBePath(text: string): boolean {
  const bare = text.replace(/[\s\\]/g, '');
  return (
    !/[\r\n\0]/.test(text.trim()) &&
    text.length <= 1024 &&
    !text.includes('-----') &&
    !/^(?:[A-Za-z0-9+/]{60,}={0,2}|[\w-]{60,})$/.test(bare)
  );
}

function resolvePath(text: string, { cwd, home }: PathBase): string {
  return /^~(?:\/|$)/.test(text) ? join(home, text.slice(1)) : resolve(cwd, text);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Why it cannot be looked at, whoever reads it says.
    return false;
  }
}

function certificateOf(settings: EntrySettings, written: Written, { name, text }: Pem): X509Certificate | undefined {
  const certificates = parseCertificates(text);
  if (!('expected' in certificates)) return certificates[0];
  settings.wrong(written, `${name}: expected ${certificates.expected}, got ${certificates.got}`);
  return undefined;
}

/** `insecure` wins over `verify`, as in openstacksdk. A path in `verify` means yes. */
function isVerified(settings: EntrySettings): boolean {
  const [verify, insecure] = [settings.top('verify'), settings.top('insecure')];
  return !(insecure && word(insecure) === true) && !(verify && word(verify) === false);
}

function checkWords(settings: EntrySettings): void {
  const [verify, insecure] = [settings.top('verify'), settings.top('insecure')];
  if (insecure && word(insecure) === undefined)
    settings.wrong(insecure, `expected true or false, got ${quoted(insecure.text)}`);
  if (verify && word(verify) === undefined && !isPlace(verify))
    settings.wrong(verify, `expected true, false or the path of a PEM file, got ${quoted(verify.text)}`);
}

/** What is no misspelt word, but a path or PEM text. */
function isPlace({ text }: Written): boolean {
  return /[/~\r\n]|-----/.test(text);
}

/** The words of YAML 1.1 for booleans; undefined for any other. */
function word({ text }: Written): boolean | undefined {
  const said = text.toLowerCase();
  if (/^(?:true|yes|on|y|1)$/.test(said)) return true;
  return /^(?:false|no|off|n|0)$/.test(said) ? false : undefined;
}
