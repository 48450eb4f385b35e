import { validateHeaderName, validateHeaderValue } from 'node:http';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError } from '../config/error.ts';
import { mapping, problemLines, schemaProblems, treeAt } from '../config/problems.ts';
import { FileError, readRegularFile } from '../config/regular-file.ts';
import { Secret } from '../config/secret.ts';
import { placeText, plainValue, quoted } from '../config/tree.ts';
import { keyText, readTree } from '../config/yaml.ts';
import type { ClientTls } from '../openstack/access.ts';
import { UserError } from '../user-error.ts';

const text = z.string({ error: 'a text' });
const file = z.string({ error: 'a file' }).optional();

/** Where a web server is that we ask, and how to get in. */
export interface WebAccess {
  /** Without user and password. The API is below it. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: Secret | undefined;
  /** What no message may show: the password or the token. Other headers are no secrets, as the `values` of Prometheus' `http_headers` are none. */
  readonly secret: Secret | undefined;
  readonly tls: ClientTls;
}

/** The part of Prometheus' own `http_config` that a client needs. Source: prometheus/common, config/http_config.go. */
const HTTP_CONFIG = mapping({
  basic_auth: mapping({ username: text, password: text.optional(), password_file: file }).optional(),
  authorization: mapping({
    type: text.default('Bearer'),
    credentials: text.optional(),
    credentials_file: file,
  }).optional(),
  tls_config: mapping({
    ca_file: file,
    cert_file: file,
    key_file: file,
    insecure_skip_verify: z.enum(['true', 'false'], { error: 'true or false' }).optional(),
  }).optional(),
  http_headers: z
    .record(z.string(), mapping({ values: z.array(text, { error: 'a list of texts' }).min(1, { error: 'a text' }) }), {
      error: 'a mapping of headers',
    })
    .optional(),
});

interface AccessFlags {
  /** The flag that has the URL, and what is expected there: `the URL of a Prometheus, such as http://prometheus.example:9090`. */
  readonly flag: string;
  readonly expected: string;
  readonly url: string | undefined;
  /** `--prometheus.header`, each as `Name: value`. */
  readonly headers: readonly string[];
  /** `--http.config.file`. */
  readonly file: string | undefined;
}

/** Reads how to reach a web server. Throws a UserError that shows no secret. */
export function webAccess({ flag, expected, url: written, headers, file }: AccessFlags): WebAccess {
  const url = urlOf(written, `${flag}: expected ${expected}`);
  const own: WebAccess = {
    url: new URL(`${url.protocol}//${url.host}${url.pathname}`),
    headers: Object.fromEntries(headers.map(headerOf)),
    ...credentials(
      url.username === '' && url.password === '' ? undefined : basic(decoded(url.username), decoded(url.password)),
    ),
    tls: { verify: true },
  };
  if (file === undefined) return own;
  const more = readHttpConfig(file);
  if (own.authorization && more.authorization) {
    throw new UserError(`${file}: expected no credentials, because ${flag} has some`);
  }
  const secret = more.secret ?? own.secret;
  return {
    ...own,
    headers: { ...own.headers, ...more.headers },
    authorization: more.authorization ?? own.authorization,
    secret,
    tls: more.tls,
  };
}

/** `path` below the URL, whatever that ends with. */
export function below({ url }: Pick<WebAccess, 'url'>, path: string): URL {
  const whole = new URL(url);
  whole.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return whole;
}

function urlOf(written: string | undefined, expected: string): URL {
  if (written === undefined) throw new UserError(`${expected}, got nothing`);
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.host === '') {
    throw new UserError(`${expected}, got ${quoted(written)}`);
  }
  if (url.search !== '' || url.hash !== '') throw new UserError(`${expected}, got one with a query or a fragment`);
  return url;
}

function headerOf(written: string): readonly [string, string] {
  const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(written) ?? [];
  // What is wrong may be a secret: it is not shown.
  const wrong = new UserError('--prometheus.header: expected Name: value, such as X-Scope-OrgID: storage');
  return checked(name, value, () => wrong);
}

function checked(name: string, value: string, wrong: () => UserError): readonly [string, string] {
  const small = name.trim().toLowerCase();
  try {
    validateHeaderName(small);
    validateHeaderValue(small, value);
  } catch {
    throw wrong();
  }
  // A command line is seen by every user of the machine; the others are of the request itself.
  if (
    ['authorization', 'host', 'content-length', 'content-type', 'transfer-encoding', 'accept-encoding'].includes(small)
  ) {
    throw new UserError(`the header ${small} cannot be set; credentials belong into --http.config.file`);
  }
  return [small, value];
}

function basic(user: string, password: string) {
  return { header: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, secret: password };
}

function credentials(given: { readonly header: string; readonly secret: string } | undefined) {
  return {
    authorization: given && new Secret(given.header),
    secret: given && new Secret(given.secret),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function readHttpConfig(file: string): Omit<WebAccess, 'url'> {
  const root = readTree(file, '1.2', 'allowed');
  const { success, data, error } = HTTP_CONFIG.safeParse(plainValue(root, (leaf) => leaf.text));
  // A password may stand anywhere in it: `basic_auth: user:password`.
  if (!success) throw new ConfigError(problemLines(schemaProblems(root, error.issues, 'hidden')));
  const { basic_auth: password, authorization, tls_config: tls, http_headers: headers } = data;
  if (password && authorization) throw new UserError(`${file}: expected basic_auth or authorization, got both`);
  const read = (path: readonly string[], name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    try {
      return readRegularFile(resolve(dirname(file), name));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // The name is not shown: the password itself, or a key, may have been written there.
      throw new ConfigError([`${placeText(treeAt(root, path)?.at ?? root.at)}: ${keyText(path)}: ${error.reason}`]);
    }
  };
  const secretOf = (path: readonly [string, string], value: string | undefined, from: string | undefined): string => {
    const [section, key] = path;
    if ((value === undefined) === (from === undefined)) throw new UserError(`${file}: expected ${key} or ${key}_file`);
    return value ?? (read([section, `${key}_file`], from) ?? '').trim();
  };
  const given = password
    ? basic(password.username, secretOf(['basic_auth', 'password'], password.password, password.password_file))
    : authorization &&
      bearer(
        authorization.type,
        secretOf(['authorization', 'credentials'], authorization.credentials, authorization.credentials_file),
      );
  if (given) checkedSecret(given.header, file);
  const [ca, cert, key] = [
    read(['tls_config', 'ca_file'], tls?.ca_file),
    read(['tls_config', 'cert_file'], tls?.cert_file),
    read(['tls_config', 'key_file'], tls?.key_file),
  ];
  return {
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).map(([name, { values }]) =>
        checked(
          name,
          values.join(', '),
          () => new UserError(`${file}: http_headers: expected a header that can be sent`),
        ),
      ),
    ),
    ...credentials(given),
    tls: {
      verify: tls?.insecure_skip_verify !== 'true',
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert: new Secret(cert) }),
      ...(key !== undefined && { key: new Secret(key) }),
    },
  };
}

function bearer(type: string, secret: string) {
  return { header: `${type} ${secret}`, secret };
}

function checkedSecret(header: string, file: string): void {
  try {
    validateHeaderValue('authorization', header);
  } catch {
    throw new UserError(`${file}: expected credentials that can be sent in a header`);
  }
}
