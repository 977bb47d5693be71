import { type FileHandle, open } from 'node:fs/promises';
import { reasonOf } from '../../config/errors.ts';
import { CheckpointError, fillBytes } from '../checkpointFile.ts';
import { broken, LENGTH_BYTES, MAX_HEADER_BYTES, parseHeader, type TensorEntry } from './header.ts';

/** A file of tensors, which are read one at a time. */
export interface TensorFile {
  readonly names: readonly string[];
  /** @throws RangeError if there is no such tensor */
  shapeOf(name: string): readonly number[];
  /**
   * The name of its number format in the file's header, such as F32.
   * @throws RangeError if there is no such tensor
   */
  dtypeOf(name: string): string;
  /**
   * Reads a tensor, row-major, as float32 whatever its dtype: F16 and BF16 exactly, F64 and integers rounded.
   * @throws RangeError if there is no such tensor
   */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** How much is read at once: enough to be fast, and little memory compared with the tensor itself. */
const CHUNK_BYTES = 2 ** 24;

/**
 * Opens one safetensors file and reads its header. Tensors are read by their byte ranges on request.
 * @throws CheckpointError if the file is damaged, incomplete or in another format
 */
export async function openSafetensorsFile(file: string): Promise<TensorFile> {
  const handle = await named(file, () => open(file));
  try {
    return new SafetensorsFile(file, handle, await named(file, () => readEntries(file, handle)));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readEntries(file: string, handle: FileHandle): Promise<Map<string, TensorEntry>> {
  const { size } = await handle.stat();
  if (size < LENGTH_BYTES) throw broken(file, `it has ${size} bytes`);
  const length = new DataView(await readRange(file, handle, 0, LENGTH_BYTES)).getBigUint64(0, true);
  if (length > size - LENGTH_BYTES) {
    throw broken(file, `its header should have ${length} bytes, but the whole file has ${size}`);
  }
  if (length > MAX_HEADER_BYTES) {
    throw broken(file, `its header has ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const json = await readRange(file, handle, LENGTH_BYTES, Number(length));
  return parseHeader(file, new Uint8Array(json), size);
}

class SafetensorsFile implements TensorFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #entries: ReadonlyMap<string, TensorEntry>;

  constructor(file: string, handle: FileHandle, entries: ReadonlyMap<string, TensorEntry>) {
    this.#file = file;
    this.#handle = handle;
    this.#entries = entries;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  shapeOf(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  dtypeOf(name: string): string {
    return this.#entry(name).format;
  }

  async read(name: string): Promise<Float32Array> {
    const { dtype, begin, size } = this.#entry(name);
    const values = new Float32Array(size);
    const chunk = CHUNK_BYTES / dtype.bytes;
    for (let from = 0; from < size; from += chunk) {
      const target = values.subarray(from, from + chunk);
      const position = begin + from * dtype.bytes;
      const bytes = target.length * dtype.bytes;
      const read = () => readRange(this.#file, this.#handle, position, bytes);
      dtype.decode(await named(this.#file, read), target);
    }
    return values;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name);
    if (!entry) throw new RangeError(`${this.#file} has no tensor "${name}"`);
    return entry;
  }
}

/** Names the file in errors of the system. */
async function named<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

async function readRange(
  file: string,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if ((await fillBytes(handle, bytes, position)) < length) {
    throw broken(file, 'it was truncated while being read');
  }
  return bytes.buffer;
}

/** A tensor in memory. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** The Rust library requires the data to begin at a multiple of it. */
const ALIGNMENT = 8;

/**
 * Writes tensors as F32 in the given order, with the metadata that transformers requires, and flushes them to disk.
 * @throws RangeError for a shape that does not match its values and for duplicate names
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
      throw new RangeError(`"${name}" has ${values.length} values, but its shape is [${shape}]`);
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
