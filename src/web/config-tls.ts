import { nearest } from '../config/nearest.ts';
import { problem, type Problem } from '../config/problems.ts';
import { Secret } from '../config/secret.ts';
import { quotedText } from '../config/tree.ts';
import { certificateWarnings, checkContext, checkKey, parseCertificates, type Pem, readPem } from './pem.ts';
import { openSection, type Section, type SectionTree } from './section.ts';
import {
  CIPHER_SUITES,
  CLIENT_AUTH,
  type ClientAuth,
  CURVES,
  TLS13_SUITES,
  TLS_VERSIONS,
  type TlsConfig,
} from './tls.ts';

const KEYS = [
  'cert',
  'key',
  'client_ca',
  'cert_file',
  'key_file',
  'client_auth_type',
  'client_ca_file',
  'client_allowed_sans',
  'cipher_suites',
  'curve_preferences',
  'min_version',
  'max_version',
  'prefer_server_cipher_suites',
];

/** `tls_server_config`; undefined when it is absent, or when there are problems. Relative file names belong to `folder`. */
export function readTls(
  { tree, keyAt, key }: SectionTree,
  folder: string,
  http2: boolean,
  problems: Problem[],
): TlsConfig | undefined {
  const before = problems.length;
  const section = openSection(tree, keyAt, [key], KEYS, problems);
  if (section.refuseEmpty() || tree?.kind !== 'map') return undefined;
  const settings = { ...readVersions(section), ...readAlgorithms(section, http2, problems) };
  const clients = readClientAuth(section, folder, problems);
  const cert = readPem(section, 'cert', folder, "a file with the server's certificate (or cert)", problems);
  const privateKey = readPem(section, 'key', folder, "a file with the certificate's private key (or key)", problems);
  const [leaf] = (cert && parseCertificates(cert, problems)) ?? [];
  if (privateKey) checkKey(privateKey, leaf, problems);
  if (!cert || !privateKey || !leaf || problems.length > before) return undefined;
  const config: TlsConfig = {
    ...settings,
    cert: cert.text,
    key: new Secret(privateKey.text),
    clientCa: clients.ca?.text,
    clientAuth: clients.auth,
    allowedSans: clients.allowedSans,
    expiresAtMs: Date.parse(leaf.validTo),
    files: [cert, privateKey, clients.ca].flatMap((pem) => pem?.file ?? []),
    warnings: [...certificateWarnings(leaf), ...clients.warnings],
  };
  checkContext(config, cert, problems);
  return config;
}

function readVersions(section: Section): Pick<TlsConfig, 'minVersion' | 'maxVersion'> {
  const expected = 'TLS12 or TLS13 (older versions are not served)';
  const minVersion = section.choice('min_version', TLS_VERSIONS, expected) ?? 'TLSv1.2';
  const maxVersion = section.choice('max_version', TLS_VERSIONS, expected) ?? 'TLSv1.3';
  if (minVersion > maxVersion) section.refuse('max_version', 'no less than min_version');
  return { minVersion, maxVersion };
}

function readAlgorithms(
  section: Section,
  http2: boolean,
  problems: Problem[],
): Pick<TlsConfig, 'ciphers' | 'curves' | 'preferServerCiphers'> {
  const before = problems.length;
  const suites = readNames(section, 'cipher_suites', CIPHER_SUITES, 'a cipher suite', problems);
  // RFC 9113 section 9.2.2 wants this one with TLS 1.2, and exporter-toolkit refuses to start without; we serve no HTTP/2, but the file is theirs too.
  if (http2 && problems.length === before && suites?.every((name) => !name.endsWith('_WITH_AES_128_GCM_SHA256'))) {
    section.refuse(
      'cipher_suites',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or its ECDSA twin among them, or http2: false',
      'neither',
    );
  }
  const curves = readNames(section, 'curve_preferences', CURVES, 'a curve', problems);
  const older = suites?.map((name) => CIPHER_SUITES.get(name) ?? name).filter((name) => !isTls13(name));
  return {
    ciphers: older && [...TLS13_SUITES, ...older].join(':'),
    curves: curves?.map((name) => CURVES.get(name) ?? name).join(':'),
    preferServerCiphers: section.flag('prefer_server_cipher_suites', true),
  };
}

function isTls13(name: string): boolean {
  return name.startsWith('TLS_');
}

/** The names of a list; undefined when it is not written, which means Node's default. */
function readNames(
  section: Section,
  key: string,
  known: ReadonlyMap<string, string>,
  expected: string,
  problems: Problem[],
): readonly string[] | undefined {
  const items = section.list(key, `a list of names, each ${expected}`);
  for (const [index, item] of items?.entries() ?? []) {
    if (known.has(item.text)) continue;
    const meant = nearest(item.text, [...known.keys()]);
    const hint =
      meant === undefined ? `one of ${[...known.keys()].join(', ')}` : `${expected} (did you mean ${meant}?)`;
    problems.push(problem(item.at, [...section.path, key, String(index)], hint, quotedText(item)));
  }
  if (items?.length === 0) section.refuse(key, 'at least one name');
  return items?.map(({ text }) => text);
}

/** What clients must show. */
interface ClientPolicy {
  readonly auth: ClientAuth;
  readonly ca: Pem | undefined;
  readonly allowedSans: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

/** The `client_*` keys of `tls_server_config`, refusing what would guard less than it seems to. */
function readClientAuth(section: Section, folder: string, problems: Problem[]): ClientPolicy {
  const before = problems.length;
  const auth =
    section.choice('client_auth_type', CLIENT_AUTH, `one of ${[...CLIENT_AUTH.keys()].join(', ')}`) ?? 'NoClientCert';
  const known = problems.length === before;
  const caWritten = section.has('client_ca') || section.has('client_ca_file');
  const ca = readPem(section, 'client_ca', folder, undefined, problems);
  if (ca) parseCertificates(ca, problems);
  if (known && caWritten && auth === 'NoClientCert') {
    section.refuse('client_auth_type', 'RequireAndVerifyClientCert or another type beside a client CA', 'NoClientCert');
  }
  // exporter-toolkit would then trust every public authority's certificates.
  if (known && !caWritten && auth === 'RequireAndVerifyClientCert') {
    section.refuse('client_ca_file', `a file with the authority of the clients (or client_ca) for ${auth}`, 'nothing');
  }
  const allowedSans = readSans(section, known ? auth : undefined);
  const checked = auth === 'RequireAndVerifyClientCert' || auth === 'NoClientCert';
  return {
    auth,
    ca,
    allowedSans,
    warnings: checked ? [] : [`client_auth_type ${auth} lets in clients without a verified certificate.`],
  };
}

function readSans(section: Section, auth: ClientAuth | undefined): readonly string[] | undefined {
  const key = 'client_allowed_sans';
  const items = section.list(key, 'a list of names');
  if (!items) return undefined;
  if (items.length === 0 || items.some(({ text }) => text.trim() === ''))
    section.refuse(key, 'at least one name', items.length === 0 ? undefined : 'an empty one');
  if (auth !== undefined && auth !== 'RequireAnyClientCert' && auth !== 'RequireAndVerifyClientCert') {
    section.refuse(key, 'client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert beside it', auth);
  }
  return items.map(({ text }) => text);
}
