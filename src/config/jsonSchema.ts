import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The parts of JSON Schema that the config's schema is made of. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
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

/** JSON Schema (2020-12) of a config as it is written: keys with a default may be left out. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
}

/**
 * The schema at a path of a config, or `undefined` where the schema has nothing of the kind. Where there are alternatives it is
 * that of the ones that the content has chosen by a constant key, such as a name.
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
        : part.properties?.[key]) ?? [],
  );
  const next = found.length > 1 ? { anyOf: found } : found[0];
  return next && schemaAt(next, rest, valueAt(content, [key]));
}

/** The keys that hold keys of their own, at any depth, as `model.adapter.lora`; each after the one that holds it. */
export function sectionsOf({ properties = {} }: JsonSchema): [path: string, JsonSchema][] {
  return Object.entries(properties).flatMap(([key, part]) =>
    part.properties
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

/** The keys that there may be in the place of `content`. */
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

/** A schema and all its alternatives; without those whose constants are not what the content says, if any says the same. */
function chosen(schema: JsonSchema, content: unknown): JsonSchema[] {
  const all = alternatives(schema);
  const named = all.filter(({ properties = {} }) =>
    Object.entries(properties).some(
      ([key, { const: name }]) => name !== undefined && valueAt(content, [key]) === name,
    ),
  );
  return named.length > 0 ? named : all;
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema, ...(schema.anyOf ?? schema.oneOf ?? []).flatMap(alternatives)];
}
