/** Cinder's times: ISO 8601 in UTC without a zone, with microseconds. The clock has milliseconds; `micros` (0-999) are the last three digits. */
export function naiveTimestamp(ms: number, micros: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}`;
}

/** Keystone's times: whole seconds, written with microseconds and `Z`. */
export function keystoneTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000000Z`;
}
