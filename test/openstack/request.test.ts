import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import { statusError } from '../../src/openstack/answer.ts';
import { connectionTrouble } from '../../src/openstack/errors.ts';
import { withoutSecrets } from '../../src/openstack/request.ts';
import { assertLinear } from '../support/growth.ts';
import { json } from './fake-cloud.ts';

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const each = (text: string, map: (character: string, code: number) => string): string =>
  Array.from(text)
    .map((character) => map(character, character.codePointAt(0) ?? 0))
    .join('');
const hexOf = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
const escapedBytes = (text: string, before: string): string =>
  [...utf8(text)].map((byte) => before + hexOf(byte, 2)).join('');

/** JSON's escapes, of each half of a character beyond the first plane. */
const units = (text: string): string =>
  text
    .split('')
    .map((unit) => `\\u${hexOf(unit.charCodeAt(0), 4)}`)
    .join('');

/** How servers, proxies and their languages may write what they were sent. */
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in capitals': (text) => text.toUpperCase(),
  backwards: (text) => Array.from(text).toReversed().join(''),
  'each letter apart': (text) => Array.from(text).join(' '),
  'with dashes': (text) => (text.includes('-') ? text : Array.from(text).join('-')),
  JSON: (text) => JSON.stringify(text),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify({ auth: { password: text } })),
  'JSON in JSON in JSON': (text) => JSON.stringify(JSON.stringify(JSON.stringify({ a: text }))),
  '\\u': units,
  '\\u in JSON': (text) => JSON.stringify(units(text)),
  '\\u{}': (text) => each(text, (_, code) => `\\u{${hexOf(code, 1)}}`),
  '\\U of Python': (text) => each(text, (_, code) => `\\U${hexOf(code, 8)}`),
  "Python's repr": (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  "Python's repr of a dict": (text) => `{'password': '${text.replaceAll('\\', '\\\\')}'}`,
  "Python's repr of bytes": (text) => `b'${escapedBytes(text, '\\x')}'`,
  octal: (text) => [...utf8(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  'in a URL': encodeURIComponent,
  'in a URL twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'each byte in a URL': (text) => escapedBytes(text, '%'),
  'each byte in a URL, capitals': (text) => escapedBytes(text, '%').toUpperCase(),
  'in a form': (text) => new URLSearchParams({ password: text }).toString(),
  'HTML, decimal': (text) => each(text, (_, code) => `&#${code};`),
  'HTML, hexadecimal': (text) => each(text, (_, code) => `&#x${code.toString(16)};`),
  'HTML, capitals and no semicolon': (text) => each(text, (_, code) => `&#X${code.toString(16).toUpperCase()} `),
  'HTML, by name': (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;'),
  'HTML twice': (text) => each(text, (_, code) => `&amp;#${code};`),
  base64: (text) => utf8(text).toString('base64'),
  'base64 without padding': (text) => utf8(text).toString('base64').replaceAll('=', ''),
  'base64 for URLs': (text) => utf8(text).toString('base64url'),
  'base64 of user and password': (text) => `Basic ${utf8(`admin:${text}`).toString('base64')}`,
  'base64 of the body': (text) => utf8(JSON.stringify({ auth: { password: text } })).toString('base64'),
  'base64 in base64': (text) => utf8(utf8(text).toString('base64')).toString('base64'),
  'base64 in a URL': (text) => encodeURIComponent(utf8(text).toString('base64')),
  'base64 in lines': (text) => utf8(text).toString('base64').replaceAll(/.{6}/g, '$&\n'),
  'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  hexadecimal: (text) => utf8(text).toString('hex'),
  'hexadecimal, capitals': (text) => utf8(text).toString('hex').toUpperCase(),
  'hexadecimal with colons': (text) => escapedBytes(text, ':').slice(1),
  'hexadecimal as C has it': (text) => [...utf8(text)].map((byte) => `0x${hexOf(byte, 2)}`).join(', '),
  'a list of bytes': (text) => JSON.stringify([...utf8(text)]),
  'quoted-printable': (text) => escapedBytes(text, '=').toUpperCase(),
  'UTF-8 taken for Latin-1': (text) => utf8(text).toString('latin1'),
  rot13: (text) =>
    text.replaceAll(/[a-z]/gi, (letter) => {
      const code = letter.charCodeAt(0);
      const start = code >= 97 ? 97 : 65;
      return String.fromCharCode(((code - start + 13) % 26) + start);
    }),
};

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ALPHABETS = [
  LETTERS,
  `${LETTERS}-_`,
  `${LETTERS}!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~ `,
  'äöüßéпарольλ密码🔑abc',
  '0123456789abcdef',
];

/** The same numbers in every run. Source: Park and Miller's generator. */
let seed = 20261125;
function randomInt(below: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % below;
}

function password(alphabet: string, length: number): string {
  const characters = Array.from(alphabet);
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
}

const SECRETS = [
  'planted "pass\\word" \u00e9 % 1',
  'correct horse battery staple',
  'P@ss/w0rd+&=?#%41',
  ...ALPHABETS.flatMap((alphabet) => [8, 13, 24, 64].map((length) => password(alphabet, length))),
];

/** The whole, the halves, and the middle of a secret. */
function partsOf(secret: string): readonly string[] {
  const characters = Array.from(secret);
  const half = Math.ceil(characters.length / 2);
  const slice = (from: number, to?: number): string => characters.slice(from, to).join('');
  return [secret, slice(0, half), slice(half - 1), slice(Math.floor(half / 2), Math.floor(half / 2) + half)];
}

test('a secret, or half of it, is shown in no form', () => {
  for (const secret of SECRETS)
    for (const part of partsOf(secret))
      for (const [name, form] of Object.entries(FORMS)) {
        const where = `${name} of ${JSON.stringify(part)} of ${JSON.stringify(secret)}: ${form(part)}`;
        const text = `could not log in with ${form(part)} here`;
        const shown = withoutSecrets({ headers: {}, secret: new Secret(secret) }, text);
        assert.equal(shown, '(not shown: it holds a <secret>)', where);
        if (secret.length < 64) continue;
        assert.equal(withoutSecrets({ headers: { 'x-auth-token': secret } }, text), shown, where);
      }
});

test('what clouds really say is shown', () => {
  const messages = [
    'The request you have made requires authentication.',
    "Policy doesn't allow volume_extension:services:index to be performed.",
    'Version 3.99 is not supported by the API. Minimum is 3.0 and maximum is 3.70.',
    'Malformed request url',
    'The server has either erred or is incapable of performing the requested operation.',
    'Could not find Application Credential: 5d1a3c2f0e4b4d7a9c8e6f1b2a3d4c5e.',
    "(pymysql.err.OperationalError) (2003, \"Can't connect to MySQL server on '10.0.0.5' ([Errno 111] ECONNREFUSED)\")",
    'MessagingTimeout: Timed out waiting for a reply to message ID 2f1f9a4d7c1b4f0d8e6a5b4c3d2e1f00',
    'x'.repeat(900),
  ];
  for (const text of messages)
    for (let i = 0; i < 50; i += 1) {
      const headers = { 'x-auth-token': `gAAAAA${password(ALPHABETS[1] ?? '', 180)}` };
      assert.equal(withoutSecrets({ headers, secret: new Secret(password(ALPHABETS[2] ?? '', 16)) }, text), text);
    }
});

test('a hostile text costs no more than its length says', async () => {
  const request = { headers: {}, secret: new Secret(password(LETTERS, 24)) };
  for (const part of ['%25', '&amp;', '\\\\', 'QUJD', '4141', '65, '])
    await assertLinear(part, (scale) => {
      const text = part.repeat(5000 * scale);
      return () => withoutSecrets(request, text);
    });
});

const LOGIN = {
  operation: 'token',
  method: 'POST',
  url: new URL('http://k.example.org/v3/auth/tokens'),
  headers: {},
  secret: new Secret('planted "pass'),
  timeoutMs: 1000,
} as const;

test('of an answer to a login only what Keystone says is shown', () => {
  const said = (message: string): string => statusError(LOGIN, json(401, { error: { message } })).message;
  assert.match(said('The request you have made requires authentication.'), /401: The request you have made requires/);
  assert.match(said('The account is locked for user: 0a1b2c.'), /401: The account is locked for user: 0a1b2c\.$/);
  for (const message of [
    'The account is locked for user: planted.',
    'The account is locked for user: cGxhbnRlZA.',
    'Wrong password: ohnmsdc',
    'The request you have made requires authentication. Yours: ohnmsdc',
  ])
    assert.match(said(message), /401: [^:]*not shown: it (?:could hold|holds) a <secret>\)$/, message);
});

test('what happened to a connection is told in our words, even where those of Node.js hold what may be a part of the password', () => {
  const secret = new Secret('another one');
  const shown = (text: string): string => withoutSecrets({ headers: {}, secret }, text);
  const trouble = (message: string, code?: string): string =>
    connectionTrouble(Object.assign(new Error(message), code !== undefined && { code }), shown);
  // Node.js 24; the letters of `Node.js` and what follows hold four of the password by chance.
  const long =
    'self-signed certificate in certificate chain; if the root CA is installed locally, try running Node.js with --use-system-ca';
  assert.notEqual(shown(long), long);
  assert.equal(trouble(long, 'SELF_SIGNED_CERT_IN_CHAIN'), 'the certificate is not trusted');
  assert.equal(
    trouble('certificate has expired', 'CERT_HAS_EXPIRED'),
    'the certificate is too old (certificate has expired)',
  );
  assert.equal(
    trouble("Host: another-one. is not in the cert's altnames", 'ERR_TLS_CERT_ALTNAME_INVALID'),
    'the certificate is for another name',
  );
  assert.equal(trouble('another one'), '(not shown: it holds a <secret>)');
  assert.equal(trouble('another one', 'EOTHER'), '(not shown: it holds a <secret>)');
});

test('a redirect is told without user, password and query, however they are written', () => {
  for (const [location, shown] of [
    ['http://user:planted@h.example.org/x?token=planted#planted', 'http://h.example.org/x'],
    ['//user:planted@h.example.org/x', 'http://h.example.org/x'],
    ['http:\\\\user:planted@h.example.org/x', 'http://h.example.org/x'],
    ['http:user:planted@h.example.org/x', 'http://k.example.org'],
    ['http:/user:planted@h.example.org/x', 'http://k.example.org'],
    ['https:user:planted@h.example.org/x', 'https://h.example.org/x'],
    ['/\\user:planted@h.example.org/x', 'http://h.example.org/x'],
    ['user:planted@h.example.org/x', 'what is no web address'],
    ['10.0.0.1:planted@h.example.org/x', 'http://k.example.org'],
    ['ftp://user:planted@h.example.org/x', 'what is no web address'],
    ['http://planted.example.org/', '(not shown: it holds a <secret>)'],
    ['/planted', '(not shown: it holds a <secret>)'],
    ['http://[', 'what is no URL'],
    ['/v3/', 'http://k.example.org/v3/'],
  ] as const) {
    const { message } = statusError(LOGIN, json(302, '', { location }));
    assert.equal(
      message,
      `POST http://k.example.org/v3/auth/tokens: 302 to ${shown}; redirects are not followed`,
      location,
    );
  }
});
