/** What a key or a value of a config means, for hovers and completions; Markdown. */

import { parseDocument } from 'yaml';
import { configJsonSchema, formatType, type JsonSchema, schemaAt, valueAt } from '../jsonSchema.ts';
import type { Place } from './place.ts';

/** Null for what the schema does not know. */
export function helpAt(text: string, { path, isKey }: Place): string | null {
  const content: unknown = parseDocument(text, { logLevel: 'silent' }).toJS();
  const schema = schemaAt(configJsonSchema(), path, content);
  if (!schema) return null;
  const value = valueAt(content, path);
  const meaning = isKey ? null : meaningOf(schema, value);
  // A value of a list is explained by itself only; any other also by its key.
  if (meaning !== null) return meaning;
  const name = path.filter((step) => typeof step === 'string').join('.');
  return `**${name}**: ${formatType(schema)}\n\n${helpFor(schema)}`.trim();
}

/** Description and default of a key. */
export function helpFor({ description = '', default: standard }: JsonSchema): string {
  const told =
    standard === undefined || typeof standard === 'object' ? '' : `Default: \`${standard}\`.`;
  return [description, told]
    .filter(Boolean)
    .join('\n\n')
    .replaceAll(/\]\((?!https?:)[^)]*\)/g, ']')
    .replaceAll(/\[([^\]]*)\](?!\()/g, '$1');
}

/** Of a name among several: what it stands for. */
function meaningOf(schema: JsonSchema, value: unknown): string | null {
  const { enum: names = [], enumDescriptions = [], anyOf = [], oneOf = [] } = schema;
  const own = enumDescriptions[names.indexOf(String(value))];
  if (own) return `**${value}**: ${own}`;
  for (const variant of [...anyOf, ...oneOf]) {
    const found = meaningOf(variant, value);
    if (found !== null) return found;
  }
  return null;
}
