import * as z from 'zod';
import { CheckpointError, type JsonObject, validate } from '../checkpointFile.ts';

/** The content of a config.json. */
export interface ConfigDocument {
  /** Named in errors. */
  readonly file: string;
  readonly json: JsonObject;
}

export const count = z.int().positive();
export const rate = z.number().min(0).max(1);
export const flag = z.boolean();
/** `initializer_range`: 0.02 in all config classes; transformers uses that for null and 0 too. */
export const range = z
  .number()
  .nonnegative()
  .nullish()
  .transform((value) => value || 0.02);
export const tokenId = z.int().nonnegative();

/** Validates the fields of a config. @throws CheckpointError naming the first field that does not match the schema */
export function fieldsOf<T>(schema: z.ZodType<T>, { file, json }: ConfigDocument): T {
  return validate(schema, file, json);
}

/** The error for a field whose value is not supported. */
export function unsupported(
  { file }: ConfigDocument,
  field: string,
  value: unknown,
  supported: string,
): CheckpointError {
  return new CheckpointError(
    `${file}: ${field} ${JSON.stringify(value)} is not supported, only ${supported}`,
  );
}

/** @throws CheckpointError unless the field is missing, null or the only supported value */
export function requireValue(document: ConfigDocument, field: string, supported: unknown): void {
  const value = document.json[field] ?? supported;
  if (value !== supported) throw unsupported(document, field, value, JSON.stringify(supported));
}

/** Activations of both encoders and decoders: our name by transformers' name. */
export const gelus = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
} as const;

/**
 * Translates transformers' name of an activation into ours.
 * @param names our name by transformers' name
 */
export function activationOf<T extends string>(
  document: ConfigDocument,
  field: string,
  value: string,
  names: Readonly<Record<string, T>>,
): T {
  const name = Object.hasOwn(names, value) ? names[value] : undefined;
  if (name !== undefined) return name;
  throw unsupported(document, field, value, Object.keys(names).join(', '));
}

/** Width of one attention head. @throws CheckpointError if the width is not a multiple of the number of heads */
export function headDimOf(document: ConfigDocument, width: number, heads: number): number {
  if (width % heads === 0) return width / heads;
  throw new CheckpointError(
    `${document.file}: the width ${width} is not a multiple of the ${heads} attention heads`,
  );
}

/**
 * Renames fields for a network with its own names of common fields. If a config has both, the common name wins.
 * @param own the network's own name by common name
 */
export function withOwnNames(
  { file, json }: ConfigDocument,
  own: Readonly<Record<string, string>>,
): ConfigDocument {
  const renamed = Object.entries(own).flatMap(([common, name]) =>
    Object.hasOwn(json, common) ? [[name, json[common]]] : [],
  );
  return { file, json: { ...json, ...Object.fromEntries(renamed) } };
}
