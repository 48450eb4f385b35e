/** A query parameter in OpenAPI. */
interface Parameter {
  readonly name: string;
  readonly in: 'query';
  readonly description: string;
  readonly required: boolean;
  readonly schema: { readonly type: 'string' };
}

/** What a status means: a schema by its name among the components, or a media type without one. */
interface Meaning {
  readonly description: string;
  readonly schema?: string;
  readonly type?: string | readonly string[];
}

/** An operation in OpenAPI. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}

export function parameter(name: string, description: string, required: boolean): Parameter {
  return { name, in: 'query', description, required, schema: { type: 'string' } };
}

/** An answer of one line of plain text. */
export function text(description: string): Meaning {
  return { description, type: 'text/plain' };
}

export function operation(
  operationId: string,
  tag: string,
  summary: string,
  meanings: Readonly<Record<number, Meaning>>,
  parameters: readonly Parameter[] = [],
): Operation {
  const responses = Object.fromEntries(
    Object.entries(meanings).map(([status, meaning]) => [
      status,
      { description: meaning.description, content: contentOf(meaning) },
    ]),
  );
  return { operationId, tags: [tag], summary, parameters, responses };
}

function contentOf({ schema, type = 'text/plain' }: Meaning): Record<string, object> {
  if (schema !== undefined) return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
  return Object.fromEntries([type].flat().map((one) => [one, {}]));
}
