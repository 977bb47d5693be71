import { mirrorUpper } from '../gram.ts';
import { CHUNK, layoutOf, type Shard, SLOT, slotsPerRow, TERM } from './layout.ts';
import { loadKernels } from './load.ts';
import { ThreadPool } from './pool.ts';
import { offerChunks, type Task, work } from './work.ts';

/** Gradients with fewer numbers are processed before other threads would have woken. */
const SHARED_FROM = 2 ** 21;

/** Smallest ‖g‖² for which the error bound of {@link SharedKernels.gram} holds. */
const LEAST_NORM2 = 2 ** -94;

const FLOAT32_ERROR = 33 * 2 ** -24;

/** Inner products and combinations of gradients in shared memory, by SIMD and, for large gradients, several threads. */
export class SharedKernels {
  readonly #module: WebAssembly.Module;
  #pool: ThreadPool | undefined;

  static async load(): Promise<SharedKernels> {
    return new SharedKernels(await loadKernels());
  }

  /** @param pool started when needed by default */
  constructor(module: WebAssembly.Module, pool?: ThreadPool) {
    this.#module = module;
    this.#pool = pool;
  }

  /**
   * H = GGᵀ, k×k row-major, exactly symmetric, the same for any number of threads. Each gradient is read from memory once.
   *
   * Products are made and summed in float32 over runs of 128 columns, in four lanes of 32, and those sums are added up in
   * float64. With u = 2⁻²⁴ the error of Hᵢⱼ is at most 33u·Σₓ|gᵢₓgⱼₓ| ≤ 2·10⁻⁶·‖gᵢ‖‖gⱼ‖: 32u for the product and 31 sums of a
   * lane, and less than u for the float64 sums and products that underflow (d·2⁻¹⁵⁰, where ‖gᵢ‖² ≥ 2⁻⁹⁴ for all i). The errors of
   * lanes hardly ever agree: bench/gram.ts shows how much smaller they are.
   *
   * It is {@link exactGram} if there is one chunk only, if a ‖gᵢ‖² is smaller, or if one is not finite – because the
   * gradient is not, or because float32 overflows at 10³⁸.
   *
   * @returns `error` bounds the error of Hᵢⱼ relative to ‖gᵢ‖‖gⱼ‖; 0 stands for that of `exactGram`
   */
  async gram(shards: readonly Shard[]): Promise<{ gram: Float64Array; error: number }> {
    const isShort = shards.length === 1 && shards[0]!.d <= CHUNK;
    if (!isShort) {
      await this.#run(shards, { kind: 'gram' });
      const gram = gramOfSums(shards);
      if (isInRange(gram, shards[0]!.k)) return { gram, error: FLOAT32_ERROR };
    }
    return { gram: await this.exactGram(shards), error: 0 };
  }

  /**
   * The same in float64, where products of float32 are exact: the error of Hᵢⱼ is at most (64 + 512 + d/65536)·2⁻⁵³·‖gᵢ‖‖gⱼ‖,
   * and it is non-finite only where float64 is.
   */
  async exactGram(shards: readonly Shard[]): Promise<Float64Array> {
    await this.#run(shards, { kind: 'gramExact' });
    return gramOfSums(shards);
  }

  /**
   * Writes ((w₀g₀ + w₁g₁) + w₂g₂) + … to the gradients' combination, each weight, product and sum rounded to float32. A weight
   * of 0 leaves its gradient out; if all are 0 nothing is written.
   */
  async combine(shards: readonly Shard[], weights: Float64Array): Promise<void> {
    const weighted = [...weights.keys()].filter((i) => weights[i] !== 0);
    if (weighted.length === 0) return;
    for (const { memory, k, d } of shards) {
      const { terms, rows, stride } = layoutOf(k, d);
      const view = new DataView(memory.buffer, terms, weighted.length * TERM);
      for (const [n, i] of weighted.entries()) {
        view.setUint32(n * TERM, rows + i * stride, true);
        view.setFloat32(n * TERM + 4, weights[i]!, true);
      }
    }
    await this.#run(shards, { kind: 'combine', count: weighted.length });
  }

  /**
   * ⟨d, gᵢ⟩ for each of the k gradients, then ‖d‖², of the vector in the combination's place; in float64, with the error of
   * {@link exactGram}.
   */
  async products(shards: readonly Shard[]): Promise<Float64Array> {
    await this.#run(shards, { kind: 'products' });
    const products = new Float64Array(shards[0]!.k + 1);
    for (const slots of slotsOf(shards)) {
      for (let i = 0; i < products.length; i++) products[i]! += sumIn(slots, i);
    }
    return products;
  }

  async #run(shards: readonly Shard[], task: Task): Promise<void> {
    for (const shard of shards) {
      offerChunks(shard);
      const isMuch = shard.k * shard.d >= SHARED_FROM;
      if (isMuch) this.#pool ??= ThreadPool.start(this.#module);
      const others = isMuch ? this.#pool?.share(shard, task) : undefined;
      await Promise.all([others, this.#ownPart(shard, task)]);
    }
  }

  async #ownPart(shard: Shard, task: Task): Promise<void> {
    work(this.#module, shard, task);
  }
}

/** Adds up the chunks' sums, in order. */
function gramOfSums(shards: readonly Shard[]): Float64Array {
  const { k } = shards[0]!;
  const gram = new Float64Array(k * k);
  const side = slotsPerRow(k);
  for (const slots of slotsOf(shards)) {
    for (let i = 0; i < k; i++) {
      for (let j = i; j < k; j++) gram[i * k + j]! += sumIn(slots, i * side + j);
    }
  }
  mirrorUpper(gram, k);
  return gram;
}

/** The sums of each chunk, in order. */
function* slotsOf(shards: readonly Shard[]): Generator<Float64Array> {
  for (const { memory, k, d } of shards) {
    const { sums, sumsOfChunk, chunks } = layoutOf(k, d);
    for (let chunk = 0; chunk < chunks; chunk++) {
      yield new Float64Array(memory.buffer, sums + chunk * sumsOfChunk, sumsOfChunk / 8);
    }
  }
}

/** A slot has the sums of two lanes. */
function sumIn(slots: Float64Array, slot: number): number {
  const at = (slot * SLOT) / 8;
  return slots[at]! + slots[at + 1]!;
}

/** Whether the error bound of {@link SharedKernels.gram} holds for float32 sums. */
export function isInRange(gram: Float64Array, k: number): boolean {
  for (let i = 0; i < k; i++) {
    const norm2 = gram[i * k + i]!;
    if (!(norm2 >= LEAST_NORM2 && norm2 < Number.POSITIVE_INFINITY)) return false;
  }
  return true;
}
