import { z } from 'zod';
import { CheckpointError } from '../files/checkpointError.ts';
import { type ElementType, elementTypes } from './elements.ts';

/** Of the length of the header, a little-endian integer at the beginning of the file. */
export const LENGTH_BYTES = 8;
/** What safetensors itself allows; a longer one is an attack or no header. */
export const MOST_HEADER_BYTES = 100_000_000;

/** Where a file keeps a tensor. */
export interface Entry {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** First byte, counted from the beginning of the file. */
  readonly begin: number;
  /** Numbers it has. */
  readonly size: number;
}

const count = z.int().nonnegative();
const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});
type Tensor = z.infer<typeof tensorSchema>;

/**
 * Reads the header, and proves that its tensors lie one behind the other from its end to the end of the file.
 * @param file named in errors
 * @param json the header without its length
 * @param fileBytes length of the whole file
 * @throws CheckpointError naming the file and the tensor
 */
export function parseHeader(file: string, json: Uint8Array, fileBytes: number): Map<string, Entry> {
  const begin = LENGTH_BYTES + json.length;
  const tensors = tensorsOf(file, json);
  const inOrder = [...tensors].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  let end = 0;
  for (const [name, { data_offsets }] of inOrder) {
    if (data_offsets[0] !== end) {
      throw broken(
        file,
        `tensor "${name}" begins at byte ${data_offsets[0]} of the data, where ${end} was expected: tensors overlap or leave a gap`,
      );
    }
    end = data_offsets[1];
  }
  if (begin + end !== fileBytes) {
    const last = inOrder.at(-1)?.[0];
    throw broken(
      file,
      `${last === undefined ? 'its header' : `tensor "${last}"`} ends at byte ${begin + end}, but the file has ${fileBytes}: it was cut off or is damaged`,
    );
  }
  return new Map([...tensors].map(([name, tensor]) => [name, entryOf(file, name, tensor, begin)]));
}

function tensorsOf(file: string, json: Uint8Array): Map<string, Tensor> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    throw broken(file, `its header is not JSON (${(error as Error).message})`, error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw broken(file, 'its header is not a JSON object');
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, described] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { success, data } = tensorSchema.safeParse(described);
    if (!success || data.data_offsets[1] < data.data_offsets[0]) {
      throw broken(
        file,
        `tensor "${name}" is not described by a dtype, a shape and data_offsets that begin before they end`,
      );
    }
    tensors.set(name, data);
  }
  return tensors;
}

function entryOf(file: string, name: string, tensor: Tensor, dataBegin: number): Entry {
  const { dtype, shape, data_offsets } = tensor;
  const type = elementTypes.get(dtype);
  if (!type) {
    throw new CheckpointError(
      `${file}: tensor "${name}" is stored as ${dtype}, expected one of ${[...elementTypes.keys()].join(', ')}; quantised checkpoints cannot be trained, take the original one`,
    );
  }
  // In float64 a product that overflows grows beyond any file, so it equals no length.
  const size = shape.reduce((product, length) => product * length, 1);
  const bytes = data_offsets[1] - data_offsets[0];
  if (size * type.bytes !== bytes) {
    throw broken(
      file,
      `tensor "${name}" of shape [${shape}] and dtype ${dtype} needs ${size * type.bytes} bytes, its data_offsets give ${bytes}`,
    );
  }
  return { type, shape, begin: dataBegin + data_offsets[0], size };
}

export function broken(file: string, why: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    `${file} is not a whole safetensors file: ${why}. Download or save it again`,
    { cause },
  );
}
