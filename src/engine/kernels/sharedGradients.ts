import { columnsWithin, layoutOf, padded, type Shard } from './layout.ts';

const PAGE = 65_536;
/** The 32-bit address space, without the page whose end would have the address zero. */
const REACH = (65_536 - 1) * PAGE;

/**
 * Gradients of k groups, d float32 each, and room for one combination of them, in memory that the engine's threads read in
 * place. The trainer writes, calls the engine ({@link EngineClient.aggregateShared}), and reads the combination; it must not
 * write during the call.
 *
 * A WebAssembly memory has at most 4 GiB: larger gradients are split by columns over several. Results do not depend on that.
 */
export class SharedGradients {
  readonly #reach: number;
  readonly #memories: WebAssembly.Memory[] = [];
  #shards: readonly Shard[] = [];
  #k = 0;
  #d = 0;

  /** @param reach bytes of one memory, at most and by default 4 GiB less a page */
  constructor(reach = REACH) {
    this.#reach = Math.min(reach, REACH);
  }

  /** For the engine: the columns, split over memories in order. */
  get shards(): readonly Shard[] {
    return this.#shards;
  }

  /**
   * Allocates k gradients of length d. The contents are lost unless both numbers are unchanged.
   *
   * @throws RangeError if memory cannot be allocated, or k is beyond about 15,000
   */
  resize(k: number, d: number): void {
    if (k === this.#k && d === this.#d) return;
    const columns = columnsWithin(this.#reach, k);
    if (columns === 0) throw new RangeError(`${k} gradients are too many to share`);
    const shards: Shard[] = [];
    for (let from = 0; from < d || from === 0; from += columns) {
      const shard = { k, d: Math.min(columns, d - from) };
      shards.push({ ...shard, memory: this.#memory(shards.length, layoutOf(k, shard.d).end) });
    }
    this.#memories.length = shards.length;
    this.#shards = shards;
    this.#k = k;
    this.#d = d;
    for (const shard of shards) clearPadding(shard);
  }

  /** Writes part of gradient `row`, from column `at` on. */
  write(row: number, at: number, values: Float32Array): void {
    if (!(row >= 0 && row < this.#k)) throw new RangeError(`no gradient ${row} of ${this.#k}`);
    this.#write(row, at, values);
  }

  /** Puts part of another vector in the combination's place, to be measured ({@link EngineClient.measureShared}). */
  writeVector(at: number, values: Float32Array): void {
    this.#write(this.#k, at, values);
  }

  #write(row: number, at: number, values: Float32Array): void {
    for (const { part, from, to } of this.#parts(row, at, at + values.length)) {
      part.set(values.subarray(from - at, to - at));
    }
  }

  /** A copy of the combination's columns from `at` on. */
  combination(at: number, length: number): Float32Array<ArrayBuffer> {
    const copy = new Float32Array(length);
    for (const { part, from } of this.#parts(this.#k, at, at + length)) copy.set(part, from - at);
    return copy;
  }

  /** Columns `from`…`to` − 1 of a row, piece by piece as they lie in memory. */
  *#parts(row: number, from: number, to: number) {
    if (!(from >= 0 && to <= this.#d)) {
      throw new RangeError(`no columns ${from} to ${to} of ${this.#d}`);
    }
    let begin = 0;
    for (const { memory, k, d } of this.#shards) {
      const first = Math.max(from, begin);
      const last = Math.min(to, begin + d);
      if (first < last) {
        const { rows, stride } = layoutOf(k, d);
        const address = rows + row * stride + 4 * (first - begin);
        const part = new Float32Array(memory.buffer, address, last - first);
        yield { part, from: first, to: last };
      }
      begin += d;
    }
  }

  /** The memory of a shard, grown or created to have `bytes`. */
  #memory(index: number, bytes: number): WebAssembly.Memory {
    const pages = Math.ceil(bytes / PAGE);
    const memory = this.#memories[index];
    if (!memory) {
      const made = new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });
      this.#memories[index] = made;
      return made;
    }
    const missing = pages - memory.buffer.byteLength / PAGE;
    if (missing > 0) memory.grow(missing);
    return memory;
  }
}

/** The kernels read whole vectors: beyond a row's end there must be zeros. */
function clearPadding({ memory, k, d }: Shard): void {
  const { rows, stride } = layoutOf(k, d);
  for (let row = 0; row < k; row++) {
    new Float32Array(memory.buffer, rows + row * stride + 4 * d, padded(d) - d).fill(0);
  }
}
