import type * as z from 'zod';
import { alternatives, type Finding, formatPath, nearest, type Path } from './diagnostic.ts';
import {
  configJsonSchema,
  formatType,
  type JsonSchema,
  keysOf,
  schemaAt,
  sectionsOf,
  valueAt,
} from './jsonSchema.ts';

/** Zod's issues with a config as findings that say what the schema expects. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], content: unknown): Finding[] {
  const schema = configJsonSchema();
  return issues.flatMap((issue) => findings(issue, [], content, schema));
}

function findings(
  issue: z.core.$ZodIssue,
  parent: Path,
  content: unknown,
  schema: JsonSchema,
): Finding[] {
  const path = [...parent, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, path, content, schema));
  }
  if (issue.code === 'invalid_union') {
    // The alternative with this kind of value, although something in it is wrong.
    const meant = issue.errors.find((errors) => errors.every((it) => isWithin(it)));
    if (meant) return meant.flatMap((it) => findings(it, path, content, schema));
  }
  return [wrongValue(path, content, schema)];
}

function isWithin(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function unknownKey(key: string, parent: Path, content: unknown, schema: JsonSchema): Finding {
  const found = schemaAt(schema, parent, content) ?? {};
  const keys = Object.keys(keysOf(found, valueAt(content, parent)));
  const homes = sectionsOf(schema).flatMap(([section, { properties = {} }]) =>
    Object.keys(properties)
      .filter((name) => name.toLowerCase() === key.toLowerCase())
      .map((name) => `${section}.${name}`),
  );
  const suggestion = nearest(key, keys);
  const elsewhere = suggestion || homes.length === 0 ? '' : `; there is ${homes.join(' and ')}`;
  return {
    path: [...parent, key],
    isKey: true,
    message: `unknown key "${key}"${elsewhere}`,
    expected: alternatives(keys),
    suggestion,
  };
}

function wrongValue(path: Path, content: unknown, schema: JsonSchema): Finding {
  const value = valueAt(content, path);
  const valid = schemaAt(schema, path, content) ?? {};
  if (value === undefined) {
    return { path, message: `missing key ${formatPath(path)}`, expected: formatType(valid) };
  }
  const isUnquoted = valid.type === 'string' && !valid.enum && typeof value !== 'string';
  return {
    path,
    message: `${formatPath(path)} cannot be ${formatValue(value)}`,
    expected: formatType(valid) + (isUnquoted && value !== null ? ', in quotes' : ''),
    suggestion: typeof value === 'string' ? nearest(value, choicesOf(valid)) : undefined,
  };
}

function choicesOf({ enum: names, const: name, anyOf = [] }: JsonSchema): string[] {
  return [...(names ?? []), ...(name ? [name] : []), ...anyOf.flatMap(choicesOf)];
}

function formatValue(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a set of keys';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
