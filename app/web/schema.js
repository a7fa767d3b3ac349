// JSON schemas of an OpenAPI description, told to people.

const DEEPEST = 6; // a schema may contain itself

/** Follow a `$ref` within its document. */
export function resolve(document, schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split('/').reduce((node, key) => node[key], document);
}

/** A type in a few words: `list of integer`, `"unsure" or null`. */
export function name(document, schema, depth = 0) {
  const found = resolve(document, schema);
  if (depth > DEEPEST) return '…';
  if (found.enum) return found.enum.map((each) => JSON.stringify(each)).join(' or ');
  if ('const' in found) return JSON.stringify(found.const);
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return choices.map((each) => name(document, each, depth + 1)).join(' or ');
  if (found.type === 'array') return `list of ${name(document, found.items, depth + 1)}`;
  if (found.format === 'binary') return 'file';
  return found.title && found.type === 'object' ? found.title : found.type ?? 'anything';
}

/** Limits of a value, such as `0 to 9`; empty where there are none. */
export function limits(schema) {
  const { minimum, maximum, minItems, maxItems } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minItems !== undefined && minItems === maxItems) return `${minItems} of them`;
  return '';
}

/** The fields of an object, or of what a list or a choice is made of: [owner, name, schema, isRequired]. */
export function fields(document, schema, depth = 0) {
  const found = resolve(document, schema);
  if (depth > DEEPEST) return [];
  if (found.properties) {
    return Object.entries(found.properties).map(([key, each]) => [
      key, each, (found.required ?? []).includes(key),
    ]);
  }
  const inner = found.type === 'array' ? [found.items] : found.anyOf ?? found.oneOf ?? [];
  return inner.flatMap((each) => fields(document, each, depth + 1));
}

/** A value that a schema takes, from its examples and defaults where it has some. */
export function example(document, schema, depth = 0) {
  const found = resolve(document, schema);
  if (depth > DEEPEST) return null;
  const given = found.examples?.[0] ?? found.example ?? found.default ?? found.const ?? found.enum?.[0];
  if (given !== undefined) return given;
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return example(document, choices[0], depth + 1);
  if (found.type === 'array') return [example(document, found.items, depth + 1)];
  if (found.properties) {
    return Object.fromEntries(Object.entries(found.properties).map(
      ([key, each]) => [key, example(document, each, depth + 1)],
    ));
  }
  return { string: '', integer: found.minimum ?? 0, number: 0, boolean: false }[found.type] ?? null;
}
