/** Averages of the weights of several runs from one start. */
import type { Weights } from './weights.ts';

/** Uniform model soup (Wortsman et al. 2022, arXiv:2203.05482): the mean of the models. @param models at least one */
export function modelSoup(models: readonly Weights[]): Weights {
  return combined(models, (rows) => meanOf(rows));
}

/**
 * Model Stock (Jang et al. 2024, arXiv:2403.19522), tensor by tensor: t·w̄ + (1 − t)·w₀ with t = N cos θ/(1 + (N − 1)cos θ) for N
 * models, w₀ the start and cos θ the mean over pairs of the cosines of wᵢ − w₀ and wⱼ − w₀. Where it is negative, which the paper
 * does not provide for, t is 0.
 *
 * @param models at least two
 */
export function modelStock(start: Weights, models: readonly Weights[]): Weights {
  return combined(models, (rows, name) => {
    const from = start.get(name)!.values;
    const t = stockRatio(rows.map((row) => Float64Array.from(row, (value, i) => value - from[i]!)));
    return meanOf(rows).map((value, i) => from[i]! + t * (value - from[i]!));
  });
}

/** t, of the differences from the start; 1 where one of them is 0. */
export function stockRatio(differences: readonly Float64Array[]): number {
  const n = differences.length;
  const norms = differences.map((row) => Math.sqrt(dot(row, row)));
  if (norms.some((norm) => norm === 0)) return 1;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      sum += dot(differences[i]!, differences[j]!) / (norms[i]! * norms[j]!);
    }
  }
  const cosine = Math.max(0, sum / ((n * (n - 1)) / 2));
  return (n * cosine) / (1 + (n - 1) * cosine);
}

function combined(
  models: readonly Weights[],
  of: (rows: readonly Float32Array[], name: string) => Float64Array,
): Weights {
  const [first] = models;
  return new Map(
    Array.from(first!, ([name, { shape }]) => {
      const rows = models.map((model) => model.get(name)!.values);
      return [name, { shape, values: Float32Array.from(of(rows, name)) }];
    }),
  );
}

function meanOf(rows: readonly Float32Array[]): Float64Array {
  return Float64Array.from(rows[0]!, (_, i) => {
    return rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
