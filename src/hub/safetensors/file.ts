import { type FileHandle, open } from 'node:fs/promises';
import { fillBytes } from '../files/fillBytes.ts';
import { broken, type Entry, LENGTH_BYTES, MOST_HEADER_BYTES, parseHeader } from './header.ts';

/** Tensors on disk, read one at a time. */
export interface TensorFile {
  readonly names: readonly string[];
  /** @throws RangeError if there is no such tensor */
  shapeOf(name: string): readonly number[];
  /**
   * Row-major, as float32, whatever it is stored as: F16 and BF16 exactly, F64 and integers rounded.
   * @throws RangeError if there is no such tensor
   */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Read at once: large enough to be quick, small beside the tensor that it becomes. */
const PIECE_BYTES = 2 ** 24;

/**
 * Opens one safetensors file and reads its header. Tensors are read by their ranges when asked for.
 * @throws CheckpointError if it is not a whole one, whatever its header says
 */
export async function openSafetensorsFile(file: string): Promise<TensorFile> {
  const handle = await open(file);
  try {
    return new OpenFile(file, handle, await readEntries(file, handle));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readEntries(file: string, handle: FileHandle): Promise<Map<string, Entry>> {
  const { size } = await handle.stat();
  if (size < LENGTH_BYTES) throw broken(file, `it has ${size} bytes`);
  const length = new DataView(await readRange(file, handle, 0, LENGTH_BYTES)).getBigUint64(0, true);
  if (length > size - LENGTH_BYTES) {
    throw broken(file, `its header says it has ${length} bytes, the file has ${size}`);
  }
  if (length > MOST_HEADER_BYTES) {
    throw broken(file, `its header has ${length} bytes, at most ${MOST_HEADER_BYTES} are allowed`);
  }
  const json = await readRange(file, handle, LENGTH_BYTES, Number(length));
  return parseHeader(file, new Uint8Array(json), size);
}

class OpenFile implements TensorFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(file: string, handle: FileHandle, entries: ReadonlyMap<string, Entry>) {
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

  async read(name: string): Promise<Float32Array> {
    const { type, begin, size } = this.#entry(name);
    const values = new Float32Array(size);
    const piece = PIECE_BYTES / type.bytes;
    for (let from = 0; from < size; from += piece) {
      const target = values.subarray(from, from + piece);
      const position = begin + from * type.bytes;
      const bytes = target.length * type.bytes;
      type.decode(await readRange(this.#file, this.#handle, position, bytes), target);
    }
    return values;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new RangeError(`${this.#file} has no tensor "${name}"`);
    return entry;
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
    throw broken(file, 'it became shorter while it was read');
  }
  return bytes.buffer;
}
