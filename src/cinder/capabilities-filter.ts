import { asObject, type Json } from './wire.ts';

/**
 * Cinder's own choice of pools for a volume type, written once: the exporter and the simulator both use it, and test/real/capabilities-filter.test.ts
 * compares it with the real one. Where Cinder raises (it catches ValueError alone), the pool does not fit. What JSON does not tell here: 1 from 1.0.
 */

/** Extra specs of a volume type, as pairs of key and demand: `volume_backend_name`, `capabilities:...`, and those that are for drivers alone. */
export type ExtraSpecs = Iterable<readonly [key: string, wanted: string | null]>;

/**
 * Can a pool with these capabilities serve a type with these extra specs?
 * Source: cinder/scheduler/filters/capabilities_filter.py, _satisfies_extra_specs.
 */
export function canServe(capabilities: Json, specs: ExtraSpecs): boolean {
  for (const [key, wanted] of specs) if (!meets(capabilities, key, wanted)) return false;
  return true;
}

/** Does the pool meet one of the demands? A key with another scope than `capabilities` is for the driver: no pool fails it. */
function meets(capabilities: Json, key: string, wanted: string | null): boolean {
  const scope = key.split(':');
  const ours = scope[0] === 'capabilities';
  if (scope.length > 1 && !ours) return true;
  let value: unknown = capabilities;
  for (const part of ours ? scope.slice(1) : scope) {
    const object = asObject(value);
    if (!object || !Object.hasOwn(object, part)) return false;
    value = object[part];
  }
  for (const one of Array.isArray(value) ? value : [value]) {
    const verdict = matchesExtraSpec(one, wanted);
    if (verdict !== false) return verdict === true;
  }
  return false;
}

const NUMERIC: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  '=': (value, wanted) => value >= wanted,
  '==': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>=': (value, wanted) => value >= wanted,
  '<=': (value, wanted) => value <= wanted,
};

/** What the order of two texts, negative to positive, must be. Text is equal to text only, and nothing else has an order. */
const ORDER: Readonly<Record<string, (order: number) => boolean>> = {
  's<': (order) => order < 0,
  's<=': (order) => order <= 0,
  's>': (order) => order > 0,
  's>=': (order) => order >= 0,
};

/** Does one value meet a demand? undefined: Cinder raises. Source: cinder/scheduler/filters/extra_specs_ops.py, match. */
export function matchesExtraSpec(value: unknown, wanted: string | null): boolean | undefined {
  if (wanted === null) return value === null;
  const [operator = '', ...words] = wordsOf(wanted);
  const word = words[0];
  const numeric = Object.hasOwn(NUMERIC, operator) ? NUMERIC[operator] : undefined;
  const order = Object.hasOwn(ORDER, operator) ? ORDER[operator] : undefined;
  if (!numeric && !order && !['<or>', '<in>', '<is>', 's==', 's!='].includes(operator)) return value === wanted;
  if (value === null) return false;
  if (word === undefined) return operator === '<or>' ? undefined : false;
  if (operator === '<or>') return words.some((one, i) => i % 2 === 0 && one === value);
  if (operator === '<is>') return isTrue(value) === isTrue(word);
  if (operator === '<in>') return contains(value, word);
  if (operator === 's==') return value === word;
  if (operator === 's!=') return value !== word;
  if (order) return typeof value === 'string' ? order(compareText(value, word)) : undefined;
  if (typeof value === 'object') return undefined;
  const [left, right] = [floatOf(value), floatOf(word)];
  return left !== undefined && right !== undefined && numeric !== undefined && numeric(left, right);
}

/** What Python's `str.split` and `str.strip` take for space. */
// oxlint-disable-next-line no-control-regex -- these control characters are space in Python
const PYTHON_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const PYTHON_FLOAT = /^[+-]?(\d(_?\d)*\.?(\d(_?\d)*)?|\.\d(_?\d)*)(e[+-]?\d(_?\d)*)?$/i;

/** Python's `float`; undefined where it raises. */
function floatOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return undefined;
  const text = onlyWord(value) ?? '';
  if (PYTHON_FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?inf(inity)?$/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : undefined;
}

/** Source: oslo_utils.strutils.bool_from_string, which looks at the text of a value. */
function isTrue(value: unknown): boolean {
  if (typeof value !== 'string') return value === true || value === 1;
  return ['1', 't', 'true', 'on', 'y', 'yes'].includes(onlyWord(value)?.toLowerCase() ?? '');
}

/** The text without the space around it; undefined when it is not one word. */
function onlyWord(text: string): string | undefined {
  const words = wordsOf(text);
  return words.length === 1 ? words[0] : undefined;
}

function wordsOf(text: string): readonly string[] {
  return text.split(PYTHON_SPACE).filter((word) => word !== '');
}

/** Python's `in`: a part of a text, an element of a list, a key of a dict; undefined for anything else. */
function contains(value: unknown, word: string): boolean | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.includes(word);
  const object = asObject(value);
  return object && Object.hasOwn(object, word);
}

/** By code points, as Python compares. */
function compareText(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The ways to write a storage protocol, each group's first its own name. Source: cinder/common/constants.py, *_VARIANTS; since Cinder 20 (Yoga). */
const PROTOCOLS: readonly (readonly string[])[] = [
  ['iSCSI', 'iscsi'],
  ['FC', 'fibre_channel', 'fc'],
  ['NFS', 'nfs'],
  ['NVMe-oF', 'NVMeOF', 'nvmeof'],
];

/**
 * The capabilities with `storage_protocol` as the scheduler has it: all the ways to write it, where a driver said one of them. The API shows the first.
 * Source: cinder/scheduler/host_manager.py, get_storage_protocol_variants.
 */
export function withProtocolVariants<T extends Json>(capabilities: T): T {
  const said = capabilities['storage_protocol'];
  const variants = PROTOCOLS.find((group) => group.some((one) => one === said));
  return variants ? { ...capabilities, storage_protocol: variants } : capabilities;
}
