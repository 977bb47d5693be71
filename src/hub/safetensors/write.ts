import { open } from 'node:fs/promises';
import { LENGTH_BYTES } from './header.ts';

/** A tensor with its values row by row. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Rust's reader wants the data to begin at a multiple of it. */
const ALIGNMENT = 8;

/**
 * Writes tensors as F32 in the order given, with the metadata that transformers asks for, and waits until they are on disk.
 * @throws RangeError for a shape that is not that of its values and for a name that comes twice
 */
export async function writeSafetensors(
  file: string,
  tensors: Iterable<NamedTensor>,
): Promise<void> {
  const all = [...tensors];
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(headerOf(all));
    for (const { values } of all) {
      await handle.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function headerOf(tensors: readonly NamedTensor[]): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', { format: 'pt' }]];
  let end = 0;
  for (const { name, shape, values } of tensors) {
    if (shape.reduce((product, length) => product * length, 1) !== values.length) {
      throw new RangeError(`"${name}" has ${values.length} values, its shape is [${shape}]`);
    }
    const begin = end;
    end += values.byteLength;
    entries.push([name, { dtype: 'F32', shape, data_offsets: [begin, end] }]);
  }
  const header = Object.fromEntries(entries);
  if (Object.keys(header).length !== entries.length) {
    throw new RangeError('two tensors have the same name');
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = Buffer.alloc(LENGTH_BYTES + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  json.copy(bytes, LENGTH_BYTES);
  return bytes;
}
