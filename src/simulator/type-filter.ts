import { isObject, type Json, type JsonObject, textOf } from './definition.ts';

/** Cinder's CapabilitiesFilter: can a pool with these capabilities serve a volume type with these extra specs? */
export function canServe(capabilities: JsonObject, extraSpecs: Readonly<Record<string, string>>): boolean {
  return Object.entries(extraSpecs).every(([key, wanted]) => {
    const scope = key.split(':');
    // A key with a scope is for the driver, unless the scope is `capabilities`.
    if (scope.length > 1 && scope[0] !== 'capabilities') return true;
    const path = scope.length > 1 ? scope.slice(1) : scope;
    let value: Json | undefined = capabilities;
    for (const part of path) value = isObject(value) ? value[part] : undefined;
    if (value === undefined || value === null) return false;
    const values: readonly Json[] = Array.isArray(value) ? value : [value];
    return values.some((each) => satisfies(each, wanted));
  });
}

const NUMBERS: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  '=': (value, wanted) => value >= wanted,
  '>=': (value, wanted) => value >= wanted,
  '<=': (value, wanted) => value <= wanted,
  '==': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
};

const STRINGS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  's==': (value, wanted) => value === wanted,
  's!=': (value, wanted) => value !== wanted,
  's<': (value, wanted) => value < wanted,
  's<=': (value, wanted) => value <= wanted,
  's>': (value, wanted) => value > wanted,
  's>=': (value, wanted) => value >= wanted,
};

/** `extra_specs_ops.match`: `<is> True`, `<in> text`, `<or> a <or> b`, `>= 3`, `s== text`, or the plain value. */
function satisfies(capability: Json, wanted: string): boolean {
  const [operator = '', ...operands] = wanted.trim().split(/\s+/);
  const value = typeof capability === 'boolean' ? (capability ? 'True' : 'False') : textOf(capability);
  const [operand = ''] = operands;
  if (operator === '<is>') return isTrue(value) === isTrue(operand);
  if (operator === '<in>') return value.includes(operand);
  if (operator === '<or>') return operands.filter((word) => word !== '<or>').includes(value);
  const asNumber = NUMBERS[operator];
  if (asNumber !== undefined) return asNumber(Number(value), Number(operand));
  const asString = STRINGS[operator];
  return asString === undefined ? value === wanted : asString(value, operand);
}

function isTrue(text: string): boolean {
  return /^(1|t|true|on|y|yes)$/i.test(text.trim());
}
