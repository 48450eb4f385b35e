import { Fault, INCAPABLE } from './cinder-fault.ts';
import { isObject, type JsonObject, type JsonValue } from './definition.ts';
import { pythonRepr } from './python-literal.ts';

/** The body of a request: any JSON. Cinder stumbles (500) over none at all. */
export function requestJson(body: string): JsonValue {
  if (body === '') throw new Fault(500, INCAPABLE);
  try {
    const parsed: JsonValue = JSON.parse(body);
    return parsed;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault(400, 'Malformed request body');
    throw error;
  }
}

/** The object under the one key that a request must have. Source: cinder/api/schemas and api/validation/validators.py for the words. */
export function requestObject(body: string, key: string, others: readonly string[] = []): JsonObject {
  const parsed = requestJson(body);
  if (!isObject(parsed)) throw new Fault(400, `${pythonRepr(parsed)} is not of type 'object'`);
  const extra = Object.keys(parsed).filter((name) => name !== key && !others.includes(name));
  if (!(key in parsed)) throw new Fault(400, `'${key}' is a required property`);
  if (extra.length > 0) throw new Fault(400, unexpected(extra));
  const found = parsed[key];
  if (!isObject(found)) throw invalid(key, found, `${pythonRepr(found)} is not of type 'object'`);
  return found;
}

/** `Additional properties are not allowed (...)` */
export function unexpected(names: readonly string[]): string {
  const verb = names.length === 1 ? 'was' : 'were';
  return `Additional properties are not allowed (${names.map(pythonRepr).join(', ')} ${verb} unexpected)`;
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

/** Texts by name; null or missing: none. */
export function optionalMetadata(object: JsonObject): Record<string, string> {
  const value = object['metadata'] ?? {};
  if (!isObject(value)) throw invalid('metadata', value, `${pythonRepr(value)} is not of type 'object', 'null'`);
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw invalid(key, text, `${pythonRepr(text)} is not of type 'string'`);
      return [key, text];
    }),
  );
}
