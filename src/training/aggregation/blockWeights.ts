import type { BlockOfStep } from './aggregated.ts';

/** Of Gram matrices of parts, that of the whole. */
export function sumOfGrams(grams: readonly Float64Array[]): Float64Array {
  return grams[0]!.map((_, at) => grams.reduce((total, gram) => total + gram[at]!, 0));
}

/** Mean of the blocks' weights, each weighed by the trace of its Gram matrix; groups that are not finite have no part in it. */
export function meanWeights(blocks: readonly BlockOfStep[]): Float64Array {
  const k = blocks[0]!.weights.length;
  const norms2 = Array.from({ length: k }, (_, i) =>
    blocks.map(({ gram }) => gram[i * k + i]!),
  ).filter((ofGroup) => ofGroup.every(Number.isFinite));
  const traces = blocks.map((_, b) => norms2.reduce((total, ofGroup) => total + ofGroup[b]!, 0));
  const total = traces.reduce((all, trace) => all + trace, 0);
  const mean = new Float64Array(k);
  if (total === 0) return mean;
  for (const [b, { weights }] of blocks.entries()) {
    for (let i = 0; i < k; i++) mean[i]! += (traces[b]! / total) * weights[i]!;
  }
  return mean;
}
