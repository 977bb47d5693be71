import * as z from 'zod';

/** Makes a component of a tokenizer from its options. @param at names it in errors, such as `normalizer.normalizers[1]` */
export type Build<T> = (options: unknown, at: string) => T;

const typed = z.looseObject({ type: z.string() });

/**
 * Makes a component of a tokenizer.json by its `type`.
 * @param builders of all supported types
 * @throws Error naming the component, if its type is not supported or an option is invalid
 */
export function component<T>(
  builders: Readonly<Record<string, Build<T>>>,
  json: unknown,
  at: string,
): T {
  const { success, data } = typed.safeParse(json);
  if (!success) throw new Error(`${at} has no type`);
  if (Object.hasOwn(builders, data.type)) return builders[data.type]!(data, at);
  throw new Error(
    `${at}: the type ${JSON.stringify(data.type)} is not supported. Expected one of ${Object.keys(builders).join(', ')}`,
  );
}

/** Validates the options of a component. @throws Error naming the component and the first invalid option */
export function optionsOf<T>(schema: z.ZodType<T>, options: unknown, at: string): T {
  const { success, data, error } = schema.safeParse(options);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new Error(`${[at, ...path].join('.')}: ${message}`);
}

/** A list of components under a key of a component. */
export function listOf<T>(
  key: string,
  options: unknown,
  at: string,
  build: (json: unknown, at: string) => T,
): readonly T[] {
  const list = optionsOf(z.looseObject({ [key]: z.array(z.unknown()) }), options, at)[key];
  return (list as unknown[]).map((json, i) => build(json, `${at}.${key}[${i}]`));
}
