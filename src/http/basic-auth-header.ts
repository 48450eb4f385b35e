/** What a client says it is. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The credentials of an `Authorization: Basic` header (RFC 7617, in UTF-8); undefined when it is absent or malformed. */
export function parseBasicHeader(header: string | undefined): Credentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '')?.[1];
  const text = encoded === undefined ? undefined : decoded(encoded);
  const colon = text?.indexOf(':') ?? -1;
  return text === undefined || colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decoded(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  // Replaced bytes would make different passwords equal.
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
