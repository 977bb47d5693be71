/** The keys and values that may be written at an offset of a YAML config. */
import {
  configJsonSchema,
  formatType,
  type JsonSchema,
  keysOf,
  schemaAt,
  valueAt,
} from '../jsonSchema.ts';
import { helpFor } from './help.ts';
import { type Typed, typedAt } from './place.ts';

export interface Completion {
  readonly label: string;
  readonly isKey: boolean;
  /** The type of a key, in words. */
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  readonly insert: string;
}

export interface Completions {
  readonly items: readonly Completion[];
  /** Where the word that they complete begins. */
  readonly start: number;
}

export function completionsAt(text: string, offset: number): Completions {
  const typed = typedAt(text, offset);
  return { items: typed.flatMap(itemsFor), start: typed[0]?.start ?? offset };
}

function itemsFor({ place, content }: Typed): Completion[] {
  const schema = configJsonSchema();
  if (!place.isKey) {
    const found = schemaAt(schema, place.path, content);
    return found ? valuesOf(found) : [];
  }
  const parent = place.path.slice(0, -1);
  const section = schemaAt(schema, parent, content);
  const written = valueAt(content, parent) as Readonly<Record<string, unknown>>;
  const keys = Object.entries(section ? keysOf(section, written) : {});
  return keys.filter(([key]) => !(key in written)).map(([key, of]) => keyItem(key, of));
}

function keyItem(key: string, schema: JsonSchema): Completion {
  return {
    label: key,
    isKey: true,
    detail: formatType(schema),
    documentation: helpFor(schema),
    insert: `${key}: `,
  };
}

function valuesOf(schema: JsonSchema): Completion[] {
  const { enumDescriptions = [] } = schema;
  const own = [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...(schema.type === 'boolean' ? ['true', 'false'] : []),
  ].map((label, i) => ({
    label: String(label),
    isKey: false,
    detail: '',
    documentation: enumDescriptions[i] ?? '',
    insert: String(label),
  }));
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(valuesOf);
  // In place of a list: its items.
  const items = schema.items && own.length === 0 ? valuesOf(schema.items) : [];
  const all = [...own, ...variants, ...items];
  return all.filter(({ label }, i) => all.findIndex((it) => it.label === label) === i);
}
