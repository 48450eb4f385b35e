import { asObject, type Json } from './wire.ts';

/** Extra specs of a volume type: `volume_backend_name`, `capabilities:...`, and those that are for drivers alone. */
export type ExtraSpecs = ReadonlyMap<string, string>;

/**
 * Can a pool with these driver stats serve a type with these extra specs?
 * Source: cinder/scheduler/filters/capabilities_filter.py, _satisfies_extra_specs. A key with another scope than `capabilities` is ignored there.
 */
export function satisfies(capabilities: Json, specs: ExtraSpecs): boolean {
  for (const [key, wanted] of specs) {
    const scope = key.split(':');
    if (scope.length > 1 && scope[0] !== 'capabilities') continue;
    const path = scope[0] === 'capabilities' ? scope.slice(1) : scope;
    const value = lookUp(capabilities, path);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (value === undefined || !values.some((one) => matches(one, wanted))) return false;
  }
  return true;
}

/** The zones that a type is bound to, by its `RESKEY:availability_zones`; undefined: all. Source: extract_availability_zones_from_volume_type. */
export function zonesOf(specs: ExtraSpecs): readonly string[] | undefined {
  const zones = specs
    .get('RESKEY:availability_zones')
    ?.split(',')
    .map((zone) => zone.trim())
    .filter((zone) => zone !== '');
  return zones && zones.length > 0 ? zones : undefined;
}

function lookUp(capabilities: Json, path: readonly string[]): unknown {
  let value: unknown = capabilities;
  for (const part of path) {
    const object = asObject(value);
    value = object && Object.hasOwn(object, part) ? object[part] : undefined;
  }
  return value;
}

const NUMERIC: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  '=': (value, wanted) => value >= wanted,
  '==': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>=': (value, wanted) => value >= wanted,
  '<=': (value, wanted) => value <= wanted,
};

const TEXTUAL: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  's==': (value, wanted) => value === wanted,
  's!=': (value, wanted) => value !== wanted,
  's<': (value, wanted) => value < wanted,
  's<=': (value, wanted) => value <= wanted,
  's>': (value, wanted) => value > wanted,
  's>=': (value, wanted) => value >= wanted,
};

/** Source: cinder/scheduler/filters/extra_specs_ops.py, match. Text compares equal to text only, as in Python. */
function matches(value: unknown, wanted: string): boolean {
  const [operator = '', ...words] = wanted.trim().split(/\s+/);
  const [word] = words;
  if (operator === '<or>') return typeof value === 'string' && words.filter((_, i) => i % 2 === 0).includes(value);
  const known =
    operator === '<in>' || operator === '<is>' || Object.hasOwn(NUMERIC, operator) || Object.hasOwn(TEXTUAL, operator);
  if (!known) return value === wanted;
  if (value === null || word === undefined) return false;
  if (operator === '<is>') return isTrue(value) === isTrue(word);
  if (operator === '<in>') return typeof value === 'string' && value.includes(word);
  const numeric = NUMERIC[operator];
  if (!numeric) return typeof value === 'string' && (TEXTUAL[operator]?.(value, word) ?? false);
  const [left, right] = [Number(value), Number(word)];
  return !Number.isNaN(left) && !Number.isNaN(right) && numeric(left, right);
}

/** Source: oslo_utils.strutils.bool_from_string. */
function isTrue(value: unknown): boolean {
  return value === true || ['1', 't', 'true', 'on', 'y', 'yes'].includes(String(value).trim().toLowerCase());
}
