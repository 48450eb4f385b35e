import type http from 'node:http';
import type { Secret } from '../config/secret.ts';

export interface Request {
  /** What the request is for, in messages and metrics. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  /** How messages call it, when that is not its address without the query. */
  readonly shownUrl?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What of the body must never be shown. The token in the headers is known without. */
  readonly secret?: Secret;
  /** From the first byte out to the last byte in, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How messages call the address of a request. */
export function shownUrl({ url, shownUrl }: Pick<Request, 'url' | 'shownUrl'>): string {
  return shownUrl ?? url.origin + url.pathname;
}

/** Stands for a text of the cloud that holds a secret, or a part of one. A text with the secret cut out would tell how long it is, and what is around it. */
const WITHHELD = '(not shown: it holds a <secret>)';
/** A shorter secret would be found everywhere. */
const LEAST_LENGTH = 4;
/** So many characters in a row are a part of a password: a third of it, within these bounds. People take words for it, which messages have too. */
const LEAST_PART = 4;
const LARGEST_PART = 6;
/** And of a token, which is random and long. */
const TOKEN_PART = 8;
/** More is cut off: of a text of the cloud 200 characters are shown. */
const MOST_CHARACTERS = 1024;
/** How often a text may be encoded, such as JSON in JSON in base64, and how many ways to read it are tried. */
const MOST_LAYERS = 3;
const MOST_READINGS = 300;

/**
 * A text of the cloud, or what stands for it when it holds a secret that the request carries: servers, and what stands before them, echo requests in
 * their errors, in whatever encoding they like. So the text is read in every common encoding, one in the other, and no part of the secret may be in any reading.
 */
export function withoutSecrets({ headers, secret }: Pick<Request, 'headers' | 'secret'>, text: string): string {
  const password = secret?.reveal() ?? '';
  const token = headers['x-auth-token'] ?? '';
  const third = Math.max(LEAST_PART, Math.min(LARGEST_PART, Math.ceil(password.length / 3)));
  const shown = text.slice(0, MOST_CHARACTERS);
  const wanted = partsOf([
    [password, third],
    [token, TOKEN_PART],
  ]);
  return tells(shown, wanted) ? WITHHELD : shown;
}

/** Whether a text holds one of the parts, in any reading. */
function tells(text: string, wanted: Parts): boolean {
  if (wanted.size === 0) return false;
  const begin = beginningsOf(wanted);
  for (const reading of readings(text))
    for (const form of formsOf(reading)) if (holds(form, wanted, begin)) return true;
  return false;
}

/** By their length. */
type Parts = ReadonlyMap<number, ReadonlySet<string>>;

/** All parts of that size, or the whole when it is shorter; of each secret as it is, and of its letters and digits. */
function partsOf(secrets: readonly (readonly [secret: string, wantedSize: number])[]): Parts {
  const found = new Map<number, Set<string>>();
  for (const [secret, wantedSize] of secrets)
    for (const text of formsOf(secret)) {
      if (text.length < LEAST_LENGTH) continue;
      const size = Math.min(text.length, wantedSize);
      const parts = found.get(size) ?? new Set();
      found.set(size, parts);
      for (let i = 0; i + size <= text.length; i += 1) parts.add(text.slice(i, i + size));
    }
  return found;
}

function holds(text: string, wanted: Parts, begin: Uint8Array): boolean {
  for (let i = 0; i + LEAST_PART <= text.length; i += 1) {
    if (begin[pairAt(text, i)] === 0) continue;
    for (const [size, parts] of wanted) if (parts.has(text.slice(i, i + size))) return true;
  }
  return false;
}

/** 1 at the first two characters of each part: at most places of a text nothing begins, and nothing is cut out and looked up there. */
function beginningsOf(wanted: Parts): Uint8Array {
  const begin = new Uint8Array(PAIRS);
  for (const parts of wanted.values()) for (const part of parts) begin[pairAt(part, 0)] = 1;
  return begin;
}

/** A number for two characters; that of some others is the same. */
const PAIRS = 65_536;
function pairAt(text: string, i: number): number {
  return ((text.charCodeAt(i) << 8) ^ text.charCodeAt(i + 1)) % PAIRS;
}

/** In small letters; without blanks; without dashes too; letters and digits alone: `p-l-a-n` is `plan`. Often they are the same. */
function formsOf(text: string): ReadonlySet<string> {
  const small = text.toUpperCase().toLowerCase();
  const dense = small.replace(/[\s\p{Cc}]/gu, '');
  const joined = dense.replaceAll('-', '');
  const plain = text.normalize('NFKD');
  const bare = (plain === text ? joined : plain.toUpperCase().toLowerCase()).replace(/[^\p{L}\p{N}]/gu, '');
  return new Set([small, dense, joined, bare]);
}

/** The text, and what it may mean in some encoding, and what that may mean; the next is read when it is asked for. */
function* readings(text: string): Generator<string, void> {
  const found = new Set([text, Array.from(text).toReversed().join(''), rot13(text)]);
  let layer = [...found];
  yield* layer;
  for (let depth = 0; depth < MOST_LAYERS; depth += 1) {
    const next: string[] = [];
    for (const one of layer)
      for (const decode of DECODERS)
        for (const reading of decode(one)) {
          if (reading.length < LEAST_PART || found.has(reading) || found.size >= MOST_READINGS) continue;
          found.add(reading);
          next.push(reading);
          yield reading;
        }
    layer = next;
  }
}

const DECODERS: readonly ((text: string) => readonly string[])[] = [
  // URLs and forms, quoted-printable.
  (text) => [
    bytesIn(text.replaceAll('+', ' '), /(?:%[0-9a-f]{2})+/gi),
    bytesIn(text, /(?:%[0-9a-f]{2})+/gi),
    bytesIn(text.replace(/=\r?\n/g, ''), /(?:=[0-9a-f]{2})+/gi),
  ],
  // HTML and XML.
  (text) => [text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|\w{2,8});?/gi, entity)],
  // JSON, JavaScript, Python, C, shells.
  (text) => [unescaped(text), bytesIn(text, /(?:\\x[0-9a-f]{2})+/gi)],
  base64,
  (text) => base64(text.replace(/\s+/g, '')),
  hexadecimal,
  // The numbers of a list of bytes.
  (text) => [
    text.replace(/\d{1,3}(?:[\s,;]+\d{1,3}){3,}/g, (list) => textOf(Buffer.from(list.split(/[\s,;]+/).map(Number)))),
  ],
  // UTF-8 that was taken for Latin-1.
  (text) => [Buffer.from(text, 'latin1').toString('utf8')],
];

/** What bytes may be as a text. */
function textOf(bytes: Buffer): string {
  return (['utf8', 'latin1', 'utf16le'] as const).map((encoding) => bytes.toString(encoding)).join('\n');
}

/** Each run of escaped bytes as the text that they are in UTF-8. */
function bytesIn(text: string, runs: RegExp): string {
  return text.replace(runs, (run) => Buffer.from(run.replace(/[^0-9a-f]/gi, ''), 'hex').toString('utf8'));
}

const NAMED: Readonly<Record<string, string>> = { '&amp': '&', '&quot': '"', '&apos': "'", '&lt': '<', '&gt': '>' };

function entity(whole: string, decimal?: string, hex?: string): string {
  if (decimal === undefined && hex === undefined) return NAMED[whole.toLowerCase().replace(';', '')] ?? ' ';
  const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return point <= 0x10_ff_ff ? String.fromCodePoint(point) : ' ';
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-7]{3})|([^]))/g,
    (_, braces?: string, four?: string, eight?: string, two?: string, octal?: string, plain?: string) => {
      if (plain !== undefined) return /[nrtbf]/.test(plain) ? ' ' : plain;
      const point =
        octal === undefined ? Number.parseInt(braces ?? four ?? eight ?? two ?? '', 16) : Number.parseInt(octal, 8);
      return point <= 0x10_ff_ff ? String.fromCodePoint(point) : ' ';
    },
  );
}

/** Standard or for URLs, with padding or without, from each of four places: what is looked for may stand inside. */
function base64(text: string): readonly string[] {
  const runs = text.match(/[\w+/-]{6,}/g) ?? [];
  return [0, 1, 2, 3].map((from) => runs.map((run) => textOf(Buffer.from(run.slice(from), 'base64'))).join('\n'));
}

/** From both places where a byte may begin. `70 6c`, `70:6c` and `0x70, 0x6c` as well. */
function hexadecimal(text: string): readonly string[] {
  const digits = text.replace(/\b0x/gi, '').replace(/\b([0-9a-f]{2})[\s:,;-]+(?=[0-9a-f]{2}\b)/gi, '$1');
  const runs = digits.match(/[0-9a-f]{8,}/gi) ?? [];
  return [0, 1].map((from) => runs.map((run) => textOf(Buffer.from(run.slice(from), 'hex'))).join('\n'));
}

function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0);
    const start = code >= 97 ? 97 : 65;
    return String.fromCharCode(((code - start + 13) % 26) + start);
  });
}
