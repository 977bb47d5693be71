/** The schema of `grid`: for every setting that may vary from run to run, the values it takes. */
import * as z from 'zod';
import { lastKey } from './keyPath.ts';

export type Scalar = number | string | boolean;

/** Values by the setting they are for, as written: by its path, or by its last key where that is unique. */
export type Grid = Readonly<Record<string, readonly Scalar[]>>;

/** Longer texts would not fit into the name of a run's folder. */
const LONGEST = 40;

const own = z
  .array(z.union([z.number(), z.string().min(1).max(LONGEST), z.boolean()]))
  .min(1)
  .meta({ title: 'a list of numbers, texts or truth values' });

interface Setting {
  readonly path: string;
  /** Of one value, without its default. */
  readonly value: z.ZodType;
  readonly description: string | undefined;
}

/**
 * @param parts of the config that may vary, by their keys
 * @returns the schema, and from a key as it is written to the path of its setting; a program's own keys are their own paths
 */
export function gridOf(parts: Readonly<Record<string, z.ZodType>>) {
  const settings = Object.entries(parts).flatMap(([key, part]) => [...settingsIn(key, part)]);
  const lasts = settings.map(({ path }) => lastKey(path));
  const isUnique = (last: string) => lasts.indexOf(last) === lasts.lastIndexOf(last);
  const keys = settings.flatMap((setting): [string, Setting][] => {
    const last = lastKey(setting.path);
    const isShort = last !== setting.path && isUnique(last) && !TAKEN.includes(last);
    return [...(isShort ? [[last, setting] as [string, Setting]] : []), [setting.path, setting]];
  });
  const paths = new Map(keys.map(([key, { path }]) => [key, path]));
  const schema = z
    .object(Object.fromEntries(keys.map(([key, setting]) => [key, valuesOf(setting).optional()])))
    .catchall(own)
    .refine((grid) => Object.keys(grid).length > 0)
    .meta({
      title: 'lists of values, such as { learningRate: [1e-5, 2e-5], batchSize: [16, 32] }',
    });
  return {
    schema: schema as unknown as z.ZodType<Grid>,
    pathOf: (key: string) => paths.get(key) ?? key,
    /** Every key that the schema knows. */
    keys: [...paths.keys()],
  };
}

/** Last keys of settings that mean something else at the top of a config. */
const TAKEN = ['name', 'metric', 'from'];

function valuesOf({ path, value, description }: Setting) {
  return z
    .array(value)
    .min(1)
    .describe(`Values of \`${path}\`. ${description ?? ''}`.trim());
}

/** Numbers, texts, names and truth values, at any depth; lists do not vary. */
function* settingsIn(path: string, schema: z.ZodType): Generator<Setting> {
  const value = unwrapped(schema);
  if (value instanceof z.ZodObject) {
    for (const [key, part] of Object.entries(value.shape)) {
      yield* settingsIn(`${path}.${key}`, part as z.ZodType);
    }
  } else if (isScalar(value)) {
    yield { path, value, description: schema.description };
  }
}

/** Without what makes it optional. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrapped(schema.unwrap() as z.ZodType) : schema;
}

function isScalar(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodUnion) {
    return schema.options.every((option) => isScalar(option as z.ZodType));
  }
  return [z.ZodNumber, z.ZodString, z.ZodEnum, z.ZodBoolean].some((kind) => schema instanceof kind);
}
