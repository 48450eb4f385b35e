import { visibleJson, withoutControls } from './text.ts';

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
        ? `${visibleJson(Object.fromEntries(entries))}\n`
        : `${entries.map(([k, v]) => `${k}=${logfmt(v)}`).join(' ')}\n`,
    );
  };
}

/** The same log with fields that stand in every line. */
export function withFields(log: Log, always: Fields): Log {
  return (level, message, fields) => log(level, message, { ...always, ...fields });
}

/** JSON's escapes are logfmt's. */
function logfmt(value: unknown): string {
  const text = String(value);
  const plain = text !== '' && !/[\s="\\]/.test(text) && withoutControls(text) === text;
  return plain ? text : visibleJson(text);
}
