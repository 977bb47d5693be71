import {
  type DeferredErrors,
  isOutOfMemory,
  runChecked,
} from '../../backends/interface/deviceErrors.ts';
import { type OnProgress, partialProgress } from '../../nn/module/progress.ts';

/** Tokens per batch in validation, padding included: bounds the memory, does not change the result. */
const TOKENS = 8192;

/**
 * All examples in batches of similar lengths, so that little is padded; the longest first.
 *
 * @param lengths tokens of each example
 * @returns indices of examples
 */
export function batchesByLength(lengths: ArrayLike<number>, tokens = TOKENS): number[][] {
  const sorted = Array.from(lengths, (_, index) => index).sort((a, b) => lengths[b]! - lengths[a]!);
  const batches: number[][] = [];
  for (let start = 0; start < sorted.length; ) {
    const size = Math.max(1, Math.floor(tokens / Math.max(1, lengths[sorted[start]!]!)));
    batches.push(sorted.slice(start, start + size));
    start += size;
  }
  return batches;
}

/**
 * Passes examples through a network in batches that fit into memory. If a batch does not fit, all examples are processed again in
 * batches of half the tokens, and so from then on: one result never mixes batch sizes. The largest batch comes first, so that the
 * same network with the same free memory gets the same batches; other batches change a result by rounding only.
 */
export class AdaptiveBatcher {
  readonly #device: DeferredErrors;
  #tokens: number;

  constructor(device: DeferredErrors, tokens = TOKENS) {
    this.#device = device;
    this.#tokens = tokens;
  }

  /**
   * @param lengths tokens of each example
   * @param begin creates an empty result; called again if batches are made smaller
   * @param add adds a batch to the result; may report its progress within the batch
   * @param onProgress called after every batch; starts at 0 again if batches are made smaller
   * @returns the result
   * @throws the device's error, if a single example does not fit
   */
  async run<T>(
    lengths: ArrayLike<number>,
    begin: () => T,
    add: (result: T, batch: readonly number[], onPart: OnProgress) => Promise<void>,
    onProgress: OnProgress,
  ): Promise<T> {
    for (;;) {
      const batches = batchesByLength(lengths, this.#tokens);
      const result = begin();
      try {
        for (const { batch, from, to } of shares(batches, lengths)) {
          const onPart = partialProgress(onProgress, from, to);
          await runChecked(this.#device, () => add(result, batch, onPart));
          await onProgress(to);
        }
        return result;
      } catch (error) {
        const smallest = batches.length === lengths.length;
        if (!isOutOfMemory(error) || smallest) throw error;
        this.#tokens /= 2;
      }
    }
  }
}

/** The part of all tokens, padding included, at which each batch starts and ends. */
function shares(batches: readonly number[][], lengths: ArrayLike<number>) {
  const tokens = batches.map((batch) => batch.length * lengths[batch[0]!]!);
  const total = tokens.reduce((sum, count) => sum + count, 0);
  let done = 0;
  return batches.map((batch, i) => {
    const from = done / total;
    done += tokens[i]!;
    return { batch, from, to: done / total };
  });
}
