import { z } from 'zod';
import { CheckpointError } from '../files/checkpointError.ts';
import { parsed } from '../files/json.ts';

/** A config.json that is being read. */
export interface Document {
  /** Named in errors. */
  readonly file: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export const count = z.int().positive();
export const rate = z.number().min(0).max(1);
export const flag = z.boolean();
/** `initializer_range`, 0.02 in all config classes; transformers takes that for null and 0 too. */
export const range = z
  .number()
  .nonnegative()
  .nullish()
  .transform((value) => value || 0.02);
/** Token ids; lists of them are for ends of generation. */
export const tokenId = z.int().nonnegative();

/** @throws CheckpointError naming the first field that is not as the schema wants it */
export function fieldsOf<T>(schema: z.ZodType<T>, { file, json }: Document): T {
  return parsed(schema, file, json);
}

/** A network that differs from those built here in one field. */
export function unsupported(
  { file }: Document,
  field: string,
  value: unknown,
  supported: string,
): CheckpointError {
  return new CheckpointError(
    `${file}: ${field} ${JSON.stringify(value)} is not supported, only ${supported}`,
  );
}

/** @throws CheckpointError unless the field is absent, null or the one value that is built here */
export function only(document: Document, field: string, supported: unknown): void {
  const value = document.json[field] ?? supported;
  if (value !== supported) throw unsupported(document, field, value, JSON.stringify(supported));
}

/** What both encoders and decoders may have. */
export const gelus = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
} as const;

/**
 * The activation's name here for its name in transformers.
 * @param names name here for each name there
 */
export function activationOf<T extends string>(
  document: Document,
  field: string,
  value: string,
  names: Readonly<Record<string, T>>,
): T {
  const name = Object.hasOwn(names, value) ? names[value] : undefined;
  if (name !== undefined) return name;
  throw unsupported(document, field, value, Object.keys(names).join(', '));
}

/** @throws CheckpointError if the heads cannot share the width evenly */
export function headWidthOf(document: Document, width: number, heads: number): number {
  if (width % heads === 0) return width / heads;
  throw new CheckpointError(
    `${document.file}: the width ${width} is not a multiple of the ${heads} attention heads`,
  );
}

/**
 * The fields under the names they are saved with, for a network that also takes the names common to all. Those win.
 * @param own name it is saved with for each common name
 */
export function withOwnNames(
  { file, json }: Document,
  own: Readonly<Record<string, string>>,
): Document {
  const renamed = Object.entries(own).flatMap(([common, name]) =>
    Object.hasOwn(json, common) ? [[name, json[common]]] : [],
  );
  return { file, json: { ...json, ...Object.fromEntries(renamed) } };
}
