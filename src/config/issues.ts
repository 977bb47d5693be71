import * as z from 'zod';
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
import { configSchema } from './schema.ts';

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
    const meant = issuesOfForm(issue.keys, path, content);
    if (meant) return meant.flatMap((it) => findings(it, path, content, schema));
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

/** Of several forms, the one that knows more of the written keys: Zod reports another if only keys are wrong there. */
function issuesOfForm(
  unknown: readonly string[],
  path: Path,
  content: unknown,
): readonly z.core.$ZodIssue[] | null {
  const value = valueAt(content, path);
  const unknownIn = (issues: readonly z.core.$ZodIssue[]) =>
    issues.flatMap((it) =>
      it.code === 'unrecognized_keys' && it.path.length === 0 ? it.keys : [],
    );
  const results = formsAt(configSchema, path).flatMap((form) => {
    const { error } = z.safeParse(form, value);
    const isForm = error?.issues.every(isWithin) && unknownIn(error.issues).length < unknown.length;
    return isForm ? [error!.issues] : [];
  });
  return results.toSorted((a, b) => unknownIn(a).length - unknownIn(b).length)[0] ?? null;
}

/** The forms that a value may have: one, unless the schema has a union there. */
function formsAt(schema: z.core.$ZodType, path: Path): readonly z.core.$ZodType[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return formsAt(def.innerType, path);
  if (def.type === 'union') {
    return path.length === 0 ? def.options : def.options.flatMap((form) => formsAt(form, path));
  }
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  const inner =
    def.type === 'object' ? def.shape[step] : def.type === 'array' ? def.element : undefined;
  return inner ? formsAt(inner, rest) : [];
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
  // Beyond 2⁵³ it is not the number that is written.
  const isInexact = Number.isInteger(value) && !Number.isSafeInteger(value);
  const isUnquoted = valid.type === 'string' && !valid.enum && typeof value !== 'string';
  return {
    path,
    message: `${formatPath(path)} cannot be ${formatValue(value)}`,
    expected:
      formatType(valid) +
      (isUnquoted && value !== null ? ', in quotes' : '') +
      (isInexact ? ', at most 2⁵³ − 1' : ''),
    suggestion: typeof value === 'string' ? meant(value, path, valid) : undefined,
  };
}

/** Devices as other programs call them: the nearest name would be `cpu`. */
const DEVICES: Readonly<Record<string, string | undefined>> = {
  gpu: 'cuda',
  nvidia: 'cuda',
  mps: 'torch',
  rocm: 'torch',
  xpu: 'torch',
  tpu: undefined,
};

function meant(value: string, path: Path, valid: JsonSchema): string | undefined {
  const name = value.toLowerCase();
  return path[0] === 'device' && name in DEVICES ? DEVICES[name] : nearest(value, choicesOf(valid));
}

function choicesOf({ enum: names, const: name, anyOf = [] }: JsonSchema): string[] {
  return [...(names ?? []), ...(name ? [name] : []), ...anyOf.flatMap(choicesOf)];
}

function formatValue(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  }
  if (typeof value === 'object') return 'a set of keys';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
