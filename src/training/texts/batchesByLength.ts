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
