import * as z from 'zod';
import { alternatives } from './diagnostic.ts';
import { configSchema } from './schema.ts';

/** The parts of JSON Schema that the config's schema is made of. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** One for each name of `enum`. */
  readonly enumDescriptions?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Of further keys, whose names the user makes up. */
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
}

let made: JsonSchema | undefined;

/** JSON Schema (2020-12) of a config as it is written: keys with a default may be left out. Made once: it takes some time. */
export function configJsonSchema(): JsonSchema {
  made ??= z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
  return made;
}

/**
 * The schema at a path of a config, or `undefined` if the schema has no such path. Of several variants, those that the content
 * selects by a constant key, such as a name.
 */
export function schemaAt(
  schema: JsonSchema,
  path: readonly (string | number)[],
  content: unknown,
): JsonSchema | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const found = chosen(schema, content).flatMap(
    (part) =>
      (typeof key === 'number'
        ? (part.prefixItems?.[key] ?? part.items)
        : (part.properties?.[key] ?? valueOfAnyKey(part))) ?? [],
  );
  const next = found.length > 1 ? { anyOf: found } : found[0];
  return next && schemaAt(next, rest, valueAt(content, [key]));
}

function valueOfAnyKey({ additionalProperties: of }: JsonSchema): JsonSchema | undefined {
  return typeof of === 'object' ? of : undefined;
}

/** Whether it is an object with keys of its own, not one of other settings' or the user's. */
export function isSection(schema: JsonSchema): boolean {
  return schema.properties !== undefined && valueOfAnyKey(schema) === undefined;
}

/** The keys whose values are objects, at any depth, such as `model.adapter.lora`; parents first. */
export function sectionsOf({ properties = {} }: JsonSchema): [path: string, JsonSchema][] {
  return Object.entries(properties).flatMap(([key, part]) =>
    isSection(part)
      ? [
          [key, part] as [string, JsonSchema],
          ...sectionsOf(part).map(([path, inner]): [string, JsonSchema] => [
            `${key}.${path}`,
            inner,
          ]),
        ]
      : [],
  );
}

/** The keys that are valid in place of `content`. */
export function keysOf(schema: JsonSchema, content: unknown): Readonly<Record<string, JsonSchema>> {
  return Object.assign({}, ...chosen(schema, content).map(({ properties }) => properties));
}

export function valueAt(content: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    content,
  );
}

/** A schema and its variants; only those with a constant that matches the content, if there are any. */
function chosen(schema: JsonSchema, content: unknown): JsonSchema[] {
  const all = variants(schema);
  const named = all.filter(({ properties = {} }) =>
    Object.entries(properties).some(
      ([key, { const: name }]) => name !== undefined && valueAt(content, [key]) === name,
    ),
  );
  return named.length > 0 ? named : all;
}

function variants(schema: JsonSchema): JsonSchema[] {
  return [schema, ...(schema.anyOf ?? schema.oneOf ?? []).flatMap(variants)];
}

/** The valid values in words: "a whole number of at least 1", "sgd or adamw", "a list of …". */
export function formatType(schema: JsonSchema): string {
  if (schema.title) return schema.title;
  if (schema.enum) {
    return alternatives(schema.enum);
  }
  if (schema.const) return schema.const;
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts?.every((one) => one.const)) return alternatives(parts.map(formatType));
  if (parts) return parts.map(formatType).join(', or ');
  switch (schema.type) {
    case 'integer':
      return `a whole number${formatBounds(schema)}`;
    case 'number':
      return `a number${formatBounds(schema)}`;
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${formatLength(schema.minItems)} of ${formatItem(schema.items ?? {})}`;
    case 'object':
      return `the keys ${Object.keys(schema.properties ?? {}).join(', ')}`;
    default:
      return 'a value';
  }
}

function formatLength(least = 0): string {
  if (least === 0) return '';
  return least === 1 ? ', not empty,' : `, at least ${least} long,`;
}

function formatItem(item: JsonSchema): string {
  if (item.anyOf) return item.anyOf.map(formatItem).join(', or ');
  return item.enum ? item.enum.join(', ') : formatType(item);
}

function formatBounds({
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: JsonSchema): string {
  if (minimum === -Number.MAX_VALUE) return '';
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (exclusiveMaximum !== undefined) return ` from ${minimum} to below ${exclusiveMaximum}`;
  // The limits of float64 are not mentioned.
  const isBounded = maximum !== Number.MAX_SAFE_INTEGER && maximum !== Number.MAX_VALUE;
  if (maximum !== undefined && isBounded) {
    return ` from ${minimum} to ${maximum}`;
  }
  return ` of at least ${minimum}`;
}
