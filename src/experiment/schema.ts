import { z } from 'zod';
import { configSchema } from './config.ts';

/** The parts of JSON Schema that the config's schema is made of. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
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

/** The schema at a path of a config, or `undefined` where the schema has nothing of the kind. */
export function schemaAt(
  schema: JsonSchema,
  path: readonly (string | number)[],
): JsonSchema | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const parts = [schema, ...(schema.anyOf ?? [])];
  const next = parts
    .map((part) =>
      typeof key === 'number' ? (part.prefixItems?.[key] ?? part.items) : part.properties?.[key],
    )
    .find((part) => part !== undefined);
  return next && schemaAt(next, rest);
}
