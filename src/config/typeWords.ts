import type { JsonSchema } from './jsonSchema.ts';

/** What a value may be, in words: "a whole number of at least 1", "one of sgd, adamw", "a list of …". */
export function typeWords(schema: JsonSchema): string {
  if (schema.title) return schema.title;
  if (schema.enum) {
    return schema.enum.length === 1 ? `${schema.enum[0]}` : `one of ${schema.enum.join(', ')}`;
  }
  if (schema.const) return schema.const;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives?.every((one) => one.const)) {
    return `one of ${alternatives.map(typeWords).join(', ')}`;
  }
  if (alternatives) return alternatives.map(typeWords).join(', or ');
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
  if (item.anyOf) return item.anyOf.map(itemWords).join(', or ');
  return item.enum ? item.enum.join(', ') : typeWords(item);
}

function boundWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (exclusiveMaximum !== undefined) return ` from ${minimum} to below ${exclusiveMaximum}`;
  // That numbers are bounded by what a float64 holds is no news.
  const isBounded = maximum !== Number.MAX_SAFE_INTEGER && maximum !== Number.MAX_VALUE;
  if (maximum !== undefined && isBounded) {
    return ` from ${minimum} to ${maximum}`;
  }
  return ` of at least ${minimum}`;
}
