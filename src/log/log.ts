const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type Level = (typeof LEVELS)[number];

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes a structured line: a message and its fields; fields that are undefined are left out. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

export interface LogOptions {
  readonly level: Level;
  readonly format: 'logfmt' | 'json';
  readonly write: (line: string) => void;
  readonly nowMs?: () => number;
}

/** Lines as `go-kit/log` and slog write them for Prometheus' own programs: `ts=... level=info msg="..." key=value`. */
export function createLog({ level, format, write, nowMs = Date.now }: LogOptions): Log {
  const least = LEVELS.indexOf(level);
  return (lineLevel, message, fields = {}) => {
    if (LEVELS.indexOf(lineLevel) < least) return;
    const said = Object.entries(fields).filter(([, value]) => value !== undefined);
    const entries: [string, unknown][] = [
      ['ts', new Date(nowMs()).toISOString()],
      ['level', lineLevel],
      ['msg', message],
      ...said,
    ];
    write(
      format === 'json'
        ? `${escapeRest(JSON.stringify(Object.fromEntries(entries)))}\n`
        : `${entries.map(([k, v]) => `${k}=${logfmt(v)}`).join(' ')}\n`,
    );
  };
}

/** The same log with fields that stand in every line. */
export function withFields(log: Log, always: Fields): Log {
  return (level, message, fields) => log(level, message, { ...always, ...fields });
}

// oxlint-disable-next-line no-control-regex -- control characters must not reach a terminal
const NEEDS_QUOTES = /[\s="\\\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** JSON's escapes are logfmt's. */
function logfmt(value: unknown): string {
  const text = String(value);
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text;
  return escapeRest(JSON.stringify(text));
}

/** What JSON leaves as it is: C1 controls and direction overrides are escaped as well, since logs are read on terminals. */
function escapeRest(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
