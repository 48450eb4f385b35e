/** `none`: nothing is configured at all. `unknown_cloud`: no entry of that name. `file`: a file that cannot be read or is no YAML. `invalid`: the entry cannot be used. */
export type AccessErrorKind = 'none' | 'unknown_cloud' | 'file' | 'invalid';

/** A cloud that cannot be logged in to as configured. The message lists every problem, one a line, naming file and key; it never holds a secret's value. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly kind: AccessErrorKind;

  constructor(kind: AccessErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
