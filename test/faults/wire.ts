import { STATUS_CODES } from 'node:http';

/** A whole HTTP answer, its body as it is on the wire (perhaps compressed). */
export interface Wire {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Headers of the connection, which every hop writes for itself. */
const OF_THE_HOP = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/** The bytes of an answer. `length` is what Content-Length claims: the truth by default, nothing for null. */
export function encode({ status, headers, body }: Wire, length: number | null = body.length): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`];
  for (const [name, value] of Object.entries(headers)) if (!OF_THE_HOP.has(name)) lines.push(`${name}: ${value}`);
  lines.push(length === null ? 'connection: close' : `content-length: ${length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** The same answer with another body, as it is. */
export function withBody({ status, headers }: Wire, body: string | Buffer, more: Wire['headers'] = {}): Wire {
  const { 'content-encoding': _, ...rest } = headers;
  return { status, headers: { ...rest, ...more }, body: Buffer.from(body) };
}
