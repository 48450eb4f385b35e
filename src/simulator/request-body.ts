import { Fault, INCAPABLE, NOT_FOUND } from './cinder-fault.ts';
import { isObject, type JsonObject, type JsonValue } from './definition.ts';
import { pythonRepr } from './python-literal.ts';

/** The body of a request, whatever JSON it is. Without one Cinder stumbles: `none` is how. */
export function requestJson(body: string, none = new Fault(500, INCAPABLE)): JsonValue {
  if (body === '') throw none;
  try {
    const parsed: JsonValue = JSON.parse(body);
    return parsed;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault(400, 'Malformed request body');
    throw error;
  }
}

/** A body that is an object. */
export function requestBody(body: string, none?: Fault): JsonObject {
  const parsed = requestJson(body, none);
  if (!isObject(parsed)) throw new Fault(400, `${pythonRepr(parsed)} is not of type 'object'`);
  return parsed;
}

/** The object under the one key that a request must have. Source: cinder/api/schemas and api/validation/validators.py for the words. */
export function requestObject(body: string, key: string, others: readonly string[] = []): JsonObject {
  const parsed = requestBody(body);
  const extra = Object.keys(parsed).filter((name) => name !== key && !others.includes(name));
  if (!(key in parsed)) throw new Fault(400, `'${key}' is a required property`);
  if (extra.length > 0) throw new Fault(400, unexpected(extra));
  const found = parsed[key];
  if (!isObject(found)) throw invalid(key, found, `${pythonRepr(found)} is not of type 'object'`);
  return found;
}

/** The action that a body names with its first key; one that is not known is refused. Source: cinder/api/openstack/wsgi.py, get_method. */
export function actionOf<A extends string>(
  body: string,
  known: readonly A[],
): { readonly action: A; readonly body: JsonObject } {
  const parsed = body === '' ? { None: null } : requestJson(body);
  // What has no keys to look at is no action; an empty list is nothing at all.
  if (!isObject(parsed) && !(Array.isArray(parsed) && parsed.length === 0)) throw new Fault(404, NOT_FOUND);
  const object = isObject(parsed) ? parsed : {};
  const [named] = Object.keys(object);
  if (named === undefined) throw new Fault(400, 'Malformed request body');
  const action = known.find((each) => each === named);
  if (action !== undefined) return { action, body: object };
  throw noSuchAction(named);
}

/** An action that is not known. */
export function noSuchAction(name: string): Fault {
  return new Fault(
    400,
    `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
  );
}

/** `Additional properties are not allowed (...)` */
export function unexpected(names: readonly string[]): string {
  const verb = names.length === 1 ? 'was' : 'were';
  return `Additional properties are not allowed (${names.map(pythonRepr).join(', ')} ${verb} unexpected)`;
}

/** Refuses whatever `object`, which stood under `key`, has beside the known names. */
export function refuseOthers(key: string, object: JsonObject, known: readonly string[]): void {
  const others = Object.keys(object).filter((name) => !known.includes(name));
  if (others.length > 0) throw invalid(key, object, unexpected(others));
}

/** A value that the schema of a request refuses. */
export function invalid(key: string, value: JsonValue | undefined, why: string): Fault {
  const shown = typeof value === 'string' ? value : pythonRepr(value);
  return new Fault(400, `Invalid input for field/attribute ${key}. Value: ${shown}. ${why}`);
}

/** A text that may be missing or null. */
export function optionalText(object: JsonObject, key: string): string | null {
  const value = object[key] ?? null;
  if (value !== null && typeof value !== 'string') {
    throw invalid(key, value, `${pythonRepr(value)} is not of type 'string', 'null'`);
  }
  return value;
}

/** A name or a description: without the space around it, and not longer than the column. */
export function optionalName(object: JsonObject, key: string): string | null {
  const text = optionalText(object, key)?.trim() ?? null;
  if (text !== null && text.length > 255) {
    throw new Fault(400, `Invalid input received: ${key} has ${text.length} characters, more than 255.`);
  }
  return text;
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Does it look like an id? */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** An id that may be missing or null. */
export function optionalUuid(object: JsonObject, key: string): string | null {
  const value = object[key] ?? null;
  if (value !== null && !(typeof value === 'string' && isUuid(value))) {
    throw invalid(key, value, `${pythonRepr(value)} is not valid under any of the given schemas`);
  }
  return value;
}

const METADATA = /^[a-zA-Z0-9-_:. /]{1,255}$/;

/** Texts by name; null or missing: none. */
export function optionalMetadata(object: JsonObject): Record<string, string> {
  const value = object['metadata'] ?? {};
  if (!isObject(value)) throw invalid('metadata', value, `${pythonRepr(value)} is not of type 'object', 'null'`);
  const strange = Object.keys(value).filter((name) => !METADATA.test(name));
  if (strange.length > 0) {
    const verb = strange.length === 1 ? 'does' : 'do';
    const why = `${verb} not match any of the regexes: '${METADATA.source}'`;
    throw invalid('metadata', value, `${strange.map(pythonRepr).join(', ')} ${why}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw invalid(key, text, `${pythonRepr(text)} is not of type 'string'`);
      return [key, text];
    }),
  );
}

/** A name that must be there and say something: the format `name`. */
export function requiredName(object: JsonObject, key: string): string {
  if (!('name' in object)) throw invalid(key, object, "'name' is a required property");
  const name = object['name'];
  if (typeof name !== 'string') throw invalid('name', name, `${pythonRepr(name)} is not of type 'string'`);
  if (name === '') throw invalid('name', name, "'' should be non-empty");
  if (name.trim() === '') {
    throw new Fault(400, "An invalid 'name' value was provided. The 'name' can not be empty.");
  }
  if (name.length > 255) throw invalid('name', name, `${pythonRepr(name)} is too long`);
  return name;
}

const TRUE = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't'];
const FALSE = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f'];

/** Is it a word for true or false? */
export function isFlag(value: JsonValue): boolean {
  return typeof value === 'string' && (TRUE.includes(value) || FALSE.includes(value));
}

/** A boolean or a word for one; null or missing: undefined. Source: cinder/api/validation/parameter_types.py, boolean. */
export function optionalFlag(object: JsonObject, key: string): boolean | undefined {
  if (!(key in object)) return undefined;
  const value = object[key];
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && TRUE.includes(value)) return true;
  if (typeof value === 'string' && FALSE.includes(value)) return false;
  const known = pythonRepr([true, ...TRUE, false, ...FALSE]);
  const why = typeof value === 'string' ? `is not one of ${known}` : "is not of type 'boolean', 'string'";
  throw invalid(key, value, `${pythonRepr(value)} ${why}`);
}

/** Extra specs: texts, or nulls, by names of that form. */
export function specsOf(value: JsonValue | undefined, form: RegExp): Record<string, string | null> {
  if (!isObject(value)) throw invalid('extra_specs', value, `${pythonRepr(value)} is not of type 'object'`);
  const strange = Object.keys(value).filter((name) => !form.test(name));
  if (strange.length > 0) {
    const verb = strange.length === 1 ? 'does' : 'do';
    const why = `${verb} not match any of the regexes: '${form.source}'`;
    throw invalid('extra_specs', value, `${strange.map(pythonRepr).join(', ')} ${why}`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (text !== null && typeof text !== 'string') {
        throw invalid(key, text, `${pythonRepr(text)} is not of type 'string', 'null'`);
      }
      return [key, text];
    }),
  );
}
