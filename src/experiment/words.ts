import type { JsonSchema } from './schema.ts';

/** What a value may be, in words: "a whole number of at least 1", "one of sgd, adamw", "a list of …". */
export function typeWords(schema: JsonSchema): string {
  if (schema.title) return schema.title;
  if (schema.enum) {
    return schema.enum.length === 1 ? `${schema.enum[0]}` : `one of ${schema.enum.join(', ')}`;
  }
  if (schema.anyOf) return schema.anyOf.map(typeWords).join(', or ');
  switch (schema.type) {
    case 'integer':
      return `a whole number${boundWords(schema)}`;
    case 'number':
      return `a number${boundWords(schema)}`;
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${schema.minItems ? ', not empty,' : ''} of ${itemWords(schema.items ?? {})}`;
    case 'object':
      return `the keys ${Object.keys(schema.properties ?? {}).join(', ')}`;
    default:
      return 'a value';
  }
}

function itemWords(item: JsonSchema): string {
  return item.enum ? item.enum.join(', ') : typeWords(item);
}

function boundWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (exclusiveMaximum !== undefined) return ` from ${minimum} to below ${exclusiveMaximum}`;
  // Whole numbers are bounded by what a float64 holds, which is no news.
  if (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER) {
    return ` from ${minimum} to ${maximum}`;
  }
  return ` of at least ${minimum}`;
}
