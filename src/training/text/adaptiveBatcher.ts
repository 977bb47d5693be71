import {
  type DeferredErrors,
  isOutOfMemory,
  runChecked,
} from '../../backends/interface/deviceErrors.ts';
import { type OnProgress, partOf } from '../../nn/module/onProgress.ts';

/** Tokens, padding included, that pass through a network at a time in validation: bounds its memory, not its result. */
const TOKENS = 8192;

/**
 * All examples in batches of about equal lengths, so that little is padded.
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
 * Takes examples through a network in batches that there is room for. Where a batch finds none, all is done again in batches of
 * half the tokens, and so from then on: one result never mixes batches of two makes. The batch that needs most comes first,
 * so that the same network with the same memory free finds the same batches; others change a result by rounding at most.
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
   * @param begin makes ready to take all examples
   * @param take may tell how far it is with its batch
   * @param onProgress is told of every batch; where batches are made smaller, from 0 again
   * @returns what was made ready
   * @throws the device's error, if there is no room for one example
   */
  async through<T>(
    lengths: ArrayLike<number>,
    begin: () => T,
    take: (made: T, batch: readonly number[], onPart: OnProgress) => Promise<void>,
    onProgress: OnProgress,
  ): Promise<T> {
    for (;;) {
      const batches = batchesByLength(lengths, this.#tokens);
      const made = begin();
      try {
        for (const { batch, from, to } of shares(batches, lengths)) {
          const onPart = partOf(onProgress, from, to);
          await runChecked(this.#device, () => take(made, batch, onPart));
          await onProgress(to);
        }
        return made;
      } catch (error) {
        const smallest = batches.length === lengths.length;
        if (!isOutOfMemory(error) || smallest) throw error;
        this.#tokens /= 2;
      }
    }
  }
}

/** Where each batch begins and ends in the whole, by its tokens, padding included. */
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
