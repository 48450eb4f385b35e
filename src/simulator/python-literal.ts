import { isObject, type JsonValue } from './definition.ts';

/** What `ast.literal_eval` makes of a text. Numbers stand for themselves, a tuple is a list. */
export type PythonValue = string | number | boolean | null | readonly PythonValue[] | ReadonlyMap<string, PythonValue>;

const SPACE = /\s*/y;
const NUMBER = /[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/iy;
const TEXT = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/y;
const WORD = /True|False|None/y;
const WORDS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

/** Reads a Python literal; undefined where Python raises, and Cinder then takes the text as it is. */
export function pythonLiteral(source: string): PythonValue | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    SPACE.lastIndex = at;
    at += SPACE.exec(source)?.[0].length ?? 0;
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) return undefined;
    at += match[0].length;
    return match;
  };
  const list = (end: RegExp): PythonValue[] | undefined => {
    const items: PythonValue[] = [];
    while (take(end) === undefined) {
      const item = value();
      if (item === undefined) return undefined;
      items.push(item);
      if (take(/,/y) === undefined) return take(end) === undefined ? undefined : items;
    }
    return items;
  };
  const map = (): Map<string, PythonValue> | undefined => {
    const entries = new Map<string, PythonValue>();
    while (take(/\}/y) === undefined) {
      const key = value();
      const item = take(/:/y) === undefined ? undefined : value();
      if (key === undefined || item === undefined) return undefined;
      entries.set(typeof key === 'object' ? '' : String(key), item);
      if (take(/,/y) === undefined) return take(/\}/y) === undefined ? undefined : entries;
    }
    return entries;
  };
  const value = (): PythonValue | undefined => {
    const text = take(TEXT);
    if (text !== undefined) return (text[1] ?? text[2] ?? '').replace(/\\(.)/g, '$1');
    const number = take(NUMBER);
    if (number !== undefined) return Number(number[0]);
    const word = take(WORD);
    if (word !== undefined) return WORDS[word[0]];
    if (take(/\[/y) !== undefined) return list(/\]/y);
    if (take(/\(/y) !== undefined) return list(/\)/y);
    return take(/\{/y) === undefined ? undefined : map();
  };
  const found = value();
  return found !== undefined && source.slice(at).trim() === '' ? found : undefined;
}

/** Python's `repr` of a value from JSON, as Cinder's messages quote what they were sent. */
export function pythonRepr(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string')
    return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", "\\'")}'`;
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`)
      .join(', ')}}`;
  }
  return typeof value === 'object' ? `[${value.map(pythonRepr).join(', ')}]` : String(value);
}
