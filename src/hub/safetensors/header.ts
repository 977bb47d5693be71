import * as z from 'zod';
import { reasonOf } from '../../config/errors.ts';
import { CheckpointError, foreignIn, repairAdvice } from '../checkpointFile.ts';
import { type DType, dtypes } from './dtypes.ts';

/** Size of the little-endian integer at the beginning of the file, which is the length of the header. */
export const LENGTH_BYTES = 8;
/** The limit of the safetensors library; a longer header is an attack, or the file has another format. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Where and how a file stores a tensor. */
export interface TensorEntry {
  /** The name of `dtype`. */
  readonly format: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Offset of the first byte from the beginning of the file. */
  readonly begin: number;
  /** Number of elements. */
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
 * Parses the header, and checks that the tensors fill the rest of the file without overlaps or gaps.
 * @param file named in errors
 * @param json the header without its length
 * @param fileBytes size of the whole file
 * @throws CheckpointError naming the file and the tensor
 */
export function parseHeader(
  file: string,
  json: Uint8Array,
  fileBytes: number,
): Map<string, TensorEntry> {
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
    // Checked below, tensor by tensor, so that an error names the tensor.
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    const reason = reasonOf(error);
    throw broken(file, `its header is not JSON (${reason})`, error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw broken(file, 'its header is not a JSON object');
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, described] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { success, data } = tensorSchema.safeParse(described);
    if (!success || data.data_offsets[1] < data.data_offsets[0]) {
      throw broken(file, `tensor "${name}" has no valid dtype, shape and data_offsets`);
    }
    tensors.set(name, data);
  }
  return tensors;
}

function entryOf(file: string, name: string, tensor: Tensor, dataBegin: number): TensorEntry {
  const { dtype, shape, data_offsets } = tensor;
  const format = dtypes.get(dtype);
  if (!format) {
    throw new CheckpointError(
      `${file}: tensor "${name}" is stored as ${dtype}. Expected one of ${[...dtypes.keys()].join(', ')}. Quantized checkpoints cannot be trained: use the original one`,
    );
  }
  // A product too large for an exact float64 is larger than any file too, so it cannot match.
  const size = shape.reduce((product, length) => product * length, 1);
  const bytes = data_offsets[1] - data_offsets[0];
  if (size * format.bytes !== bytes) {
    throw broken(
      file,
      `tensor "${name}" of shape [${shape}] and dtype ${dtype} needs ${size * format.bytes} bytes, its data_offsets give ${bytes}`,
    );
  }
  return { format: dtype, dtype: format, shape, begin: dataBegin + data_offsets[0], size };
}

/** The error for a file that is damaged, incomplete or in another format. */
export function broken(file: string, reason: string, cause?: unknown): CheckpointError {
  const foreign = foreignIn(file);
  return new CheckpointError(
    `${file} is not a complete safetensors file: ${foreign ?? `${reason}. ${repairAdvice(file) ?? 'Download or save it again'}`}`,
    { cause },
  );
}
