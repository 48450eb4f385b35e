import { validateHeaderValue } from 'node:http';
import * as z from 'zod';
import { nearest } from '../config/nearest.ts';
import { mapping, refuse } from '../config/problems.ts';
import { Secret } from '../config/secret.ts';
import { kindText, type LeafTree } from '../config/tree.ts';
import { CIPHER_SUITES, CLIENT_AUTH, CURVES, TLS13_SUITES, TLS_VERSIONS } from './tls.ts';
import { parseGoDuration } from '../duration.ts';

/** A scalar as the file has it, which the schema gets instead of its value; undefined for a key without a value: that counts as not written, as in exporter-toolkit. */
export function writtenLeaf(leaf: LeafTree): LeafTree | undefined {
  return leaf.value === null ? undefined : leaf;
}

function isLeaf(value: unknown): value is LeafTree {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'leaf';
}

/** As `mapping`. A text in its place is not shown: it may be a password. */
function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess(withoutLeaf, mapping(shape));
}

function withoutLeaf(value: unknown, context: z.RefinementCtx): unknown {
  return isLeaf(value) ? refuse(context, 'a mapping', { got: kindText(value) }) : value;
}

/** The source text of a scalar: `0` is "0". */
function text(expected: string) {
  return z.custom<LeafTree>(isLeaf, { error: expected }).transform((leaf) => leaf.text);
}

/** Left out, it is true. */
const flag = z
  .custom<LeafTree>((value) => isLeaf(value) && typeof value.value === 'boolean', { error: 'true or false' })
  .transform(({ value }) => value === true)
  .default(true);

/** What the table has for the word that is written. */
function choice<Value>(table: ReadonlyMap<string, Value>, expected = `one of ${[...table.keys()].join(', ')}`) {
  return text(expected).transform((word, context) => table.get(word) ?? refuse(context, expected));
}

function names(expected: string) {
  return z.custom<readonly unknown[]>(Array.isArray, { error: expected }).transform((items, context) => {
    if (items.length === 0) return refuse(context, 'at least one name');
    if (!items.every(isLeaf)) return refuse(context, expected, { got: 'a list with something else in it' });
    return items.map((item) => item.text);
  });
}

function knownNames(known: ReadonlyMap<string, string>, expected: string) {
  return names(`a list of names, each ${expected}`).superRefine((list, context) => {
    for (const [index, name] of list.entries()) {
      if (known.has(name)) continue;
      const meant = nearest(name, [...known.keys()]);
      const hint =
        meant === undefined ? `one of ${[...known.keys()].join(', ')}` : `${expected} (did you mean ${meant}?)`;
      refuse(context, hint, { path: [String(index)] });
    }
  });
}

const version = choice(TLS_VERSIONS, 'TLS12 or TLS13 (older versions are not served)');

const tlsKeys = section({
  cert: text('PEM text').optional(),
  key: text('PEM text').optional(),
  client_ca: text('PEM text').optional(),
  cert_file: text('a file name').optional(),
  key_file: text('a file name').optional(),
  client_auth_type: choice(CLIENT_AUTH).default('NoClientCert'),
  client_ca_file: text('a file name').optional(),
  client_allowed_sans: names('a list of names').optional(),
  cipher_suites: knownNames(CIPHER_SUITES, 'a cipher suite').optional(),
  curve_preferences: knownNames(CURVES, 'a curve').optional(),
  min_version: version.default('TLSv1.2'),
  max_version: version.default('TLSv1.3'),
  prefer_server_cipher_suites: flag,
});

/** `tls_server_config`, refusing what would guard less than it seems to. The texts of certificates and keys are not looked at here. */
const tls = tlsKeys
  .superRefine((written, context) => {
    const { client_auth_type: auth, client_allowed_sans: sans } = written;
    const refuseKey = (key: keyof typeof written, expected: string, got?: string): void =>
      refuse(context, expected, { path: [key], ...(got === undefined ? {} : { got }) });
    if (written.min_version > written.max_version) refuseKey('max_version', 'no less than min_version');
    const hasCa = written.client_ca !== undefined || written.client_ca_file !== undefined;
    if (hasCa && auth === 'NoClientCert')
      refuseKey('client_auth_type', 'RequireAndVerifyClientCert or another type beside a client CA', auth);
    // exporter-toolkit would then trust every public authority's certificates.
    if (!hasCa && auth === 'RequireAndVerifyClientCert')
      refuseKey('client_ca_file', `a file with the authority of the clients (or client_ca) for ${auth}`);
    if (sans?.some((name) => name.trim() === '')) refuseKey('client_allowed_sans', 'at least one name', 'an empty one');
    if (sans && auth !== 'RequireAnyClientCert' && auth !== 'RequireAndVerifyClientCert')
      refuseKey(
        'client_allowed_sans',
        'client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert beside it',
        auth,
      );
  })
  .transform((written) => {
    const suites = written.cipher_suites;
    const older = suites?.map((name) => CIPHER_SUITES.get(name) ?? name).filter((name) => !name.startsWith('TLS_'));
    const settings = {
      minVersion: written.min_version,
      maxVersion: written.max_version,
      clientAuth: written.client_auth_type,
      allowedSans: written.client_allowed_sans,
      ciphers: older && [...TLS13_SUITES, ...older].join(':'),
      curves: written.curve_preferences?.map((name) => CURVES.get(name) ?? name).join(':'),
      preferServerCiphers: written.prefer_server_cipher_suites,
    };
    return { suites, settings };
  });

/** A value of a header; `allowed` lists those that exporter-toolkit insists on. A key without a value takes the header away. */
function header(name: string, allowed?: readonly string[]) {
  const expected = allowed ? allowed.join(' or ') : 'text for one line';
  return text(expected)
    .transform((value, context) => {
      const trimmed = value.trim();
      const isAllowed = !allowed || trimmed === '' || allowed.includes(trimmed);
      return isAllowed && isHeaderValue(name, trimmed) ? trimmed : refuse(context, expected);
    })
    .optional();
}

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** `http2` is read and checked but has no effect: express 5 cannot answer Node's HTTP/2 requests, so HTTP/1.1 is served. */
const http = section({
  http2: flag,
  headers: section({
    'Content-Security-Policy': header('Content-Security-Policy'),
    'X-Frame-Options': header('X-Frame-Options', ['deny', 'sameorigin']),
    'X-Content-Type-Options': header('X-Content-Type-Options', ['nosniff']),
    'X-XSS-Protection': header('X-XSS-Protection'),
    'Strict-Transport-Security': header('Strict-Transport-Security'),
  })
    .transform((headers) => new Map(Object.entries(headers).map(([name, value]) => [name, value ?? ''])))
    .optional(),
});

const INTERVAL = 'a duration such as 1s or 100ms';
const BURST = 'a whole number';

const rateKeys = section({
  interval: text(INTERVAL)
    .transform((written, context) => parseGoDuration(written) ?? refuse(context, INTERVAL))
    .default(0),
  burst: text(BURST)
    .transform((written, context) => (/^\d{1,9}$/.test(written) ? Number(written) : refuse(context, BURST)))
    .optional(),
});

/** `rate_limit`; undefined when its interval is 0. */
const rateLimit = rateKeys.transform(({ interval: intervalMs, burst }, context) => {
  if (intervalMs === 0) return undefined;
  // exporter-toolkit would take 0 and then answer no request at all.
  return burst ? { intervalMs, burst } : refuse(context, 'a whole number of at least 1', { path: ['burst'] });
});

/** `basic_auth_users`: bcrypt hash by name. Not a record, which would pass over a user of the name `__proto__`. */
const users = z
  .preprocess(withoutLeaf, z.custom<Readonly<Record<string, unknown>>>(isObject, { error: 'a mapping' }))
  .transform((hashes, context) => {
    const secrets = new Map<string, Secret>();
    for (const [name, written] of Object.entries(hashes)) {
      const hash = written === undefined ? '' : isLeaf(written) ? written.text : undefined;
      if (hash === undefined) {
        refuse(context, 'a bcrypt hash', { path: [name] });
        continue;
      }
      const wrong = hashFault(hash);
      if (wrong) refuse(context, wrong.expected, { path: [name], got: wrong.got });
      secrets.set(name, new Secret(hash));
    }
    return secrets;
  });

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const LEAST_COST = 4;
/** One comparison at this cost takes seconds; at 31 it would take days. */
const MOST_COST = 16;

/** Never shows what is written there: it may be the password. */
function hashFault(hash: string): { readonly expected: string; readonly got: string } | undefined {
  const expected = 'a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters)';
  if (hash === '') return { expected, got: 'nothing' };
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? Number.NaN);
  if (Number.isNaN(cost)) return { expected, got: hash.startsWith('$2') ? 'a damaged one' : 'something else' };
  if (cost >= LEAST_COST && cost <= MOST_COST) return undefined;
  return { expected: `a bcrypt hash of cost ${LEAST_COST} to ${MOST_COST}`, got: `cost ${cost}` };
}

/** The whole file: exporter-toolkit's format. */
export const webSchema = mapping({
  tls_server_config: tls.optional(),
  http_server_config: http.optional(),
  basic_auth_users: users.optional(),
  rate_limit: rateLimit.optional(),
}).superRefine((file, context) => {
  const { suites } = file.tls_server_config ?? {};
  const http2 = file.http_server_config?.http2 ?? true;
  // RFC 9113 section 9.2.2 wants this one with TLS 1.2, and exporter-toolkit refuses to start without; we serve no HTTP/2, but the file is theirs too.
  if (http2 && suites?.every((name) => !name.endsWith('_WITH_AES_128_GCM_SHA256')))
    refuse(context, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or its ECDSA twin among them, or http2: false', {
      path: ['tls_server_config', 'cipher_suites'],
      got: 'neither',
    });
});

export type TlsSettings = z.output<typeof tls>['settings'];
export type RateLimit = NonNullable<z.output<typeof rateLimit>>;

/** What is to keep somebody out, with the keys that must not be empty: a template whose variable was empty must not open what it was to close. */
export const GUARDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['tls_server_config', Object.keys(tlsKeys.out.shape)],
  ['basic_auth_users', []],
  ['rate_limit', Object.keys(rateKeys.out.shape)],
]);
