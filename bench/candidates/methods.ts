/**
 * Ways to keep a fitted group from shortening the direction, and other methods that the engine does not have under a name: each is
 * made of the engine's functions.
 */
import { aggregate } from '../../src/engine/aggregate.ts';
import { submatrix } from '../../src/engine/gram.ts';
import { guard } from '../../src/engine/guard.ts';
import type { AggregatorName, Memory, Problem } from '../../src/engine/types.ts';
import type { Method } from '../probe/descent.ts';

export interface Candidate {
  readonly name: string;
  /** Number of micro-batches instead of the task's; tasks with other groups are left out. */
  readonly microbatches?: number;
  /** For one run. */
  method(): Method;
}

/** Of the mean length of the gradients: a shorter one belongs to a fitted group. */
const FITTED = 0.3;
/** Of ‖ḡ‖. */
const FLOOR = 0.3;

type Weights = ArrayLike<number>;
type Weigh = Method['weigh'];

const named =
  (name: AggregatorName): Weigh =>
  (problem) =>
    aggregate(problem, name).weights;
const mean = named('mean');
const grain = named('grain');

/** The shortest vector of the groups that are not fitted, corrected so that it conflicts with none of all groups. */
const fittedAsConstraints: Weigh = (problem) => {
  const { gram } = problem;
  const k = kOf(problem);
  const norms = Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  const bound = (FITTED * norms.reduce((sum, norm) => sum + norm)) / k;
  const hull = norms.flatMap((norm, i) => (norm >= bound ? [i] : []));
  const inHull = aggregate({ gram: submatrix(gram, k, hull) }, 'grain').weights;
  const weights = new Float64Array(k);
  for (const [p, i] of hull.entries()) weights[i] = inHull[p]!;
  return corrected(problem, weights);
};

/** The shortest vector or, where it is short beside ‖ḡ‖, the mean, corrected so that it conflicts with no group. */
const floored: Weigh = (problem) => {
  const shortest = grain(problem);
  const ofMean = mean(problem);
  const isShort = lengthOf(problem, shortest) < FLOOR * lengthOf(problem, ofMean);
  return isShort ? corrected(problem, ofMean) : shortest;
};

/** The shortest vector at the length of the mean's, in the metric of the Gram matrix. */
const stretched: Weigh = (problem) => {
  const weights = grain(problem);
  const length = lengthOf(problem, weights);
  const factor = length > 0 ? lengthOf(problem, mean(problem)) / length : 1;
  return Array.from(weights, (weight) => weight * factor);
};

export const candidates: readonly Candidate[] = [
  of('mean', mean),
  of('grain', grain),
  of('grain-normalized', named('grain-normalized')),
  of('upgrad', named('upgrad')),
  of('grain, fitted groups as constraints', fittedAsConstraints),
  of('grain, floor with guarded mean', floored),
  of('grain, preconditioned', grain, { metric: 'preconditioned' }),
  of('grain, preconditioned, at the mean’s length', stretched, { metric: 'preconditioned' }),
  of('mean-norm-matched', named('mean-norm-matched')),
  of('mean, guarded', mean, { guard: 0 }),
  of('mean, guarded with slack 0.1', mean, { guard: 0.1 }),
  { name: 'grain, smoothing 0.9', method: smoothed },
  { ...of('grain, 4 groups', grain), microbatches: 4 },
  { ...of('grain, 2 groups', grain), microbatches: 2 },
];

function of(name: string, weigh: Weigh, options: Omit<Method, 'weigh'> = {}): Candidate {
  return { name, method: () => ({ weigh, ...options }) };
}

function smoothed(): Method {
  let memory: Memory | undefined;
  return {
    weigh(problem) {
      const choice = { name: 'grain', smoothing: 0.9 } as const;
      const result = aggregate({ ...problem, ...(memory && { memory }) }, choice);
      memory = result.memory;
      return result.weights;
    },
  };
}

/** Weights of the vector nearest to Σ wᵢgᵢ that conflicts with no group. */
function corrected(problem: Problem, weights: Weights): Float64Array {
  const { gram } = problem;
  const inner = productsOf(problem, weights);
  const { multipliers } = guard({ gram, inner, norm2: lengthOf(problem, weights) ** 2 });
  return multipliers.map((multiplier, i) => weights[i]! + multiplier);
}

/** ‖Σ wᵢgᵢ‖ */
function lengthOf(problem: Problem, weights: Weights): number {
  const products = productsOf(problem, weights);
  const norm2 = products.reduce((sum, product, i) => sum + weights[i]! * product, 0);
  return Math.sqrt(Math.max(0, norm2));
}

/** ⟨Σ wⱼgⱼ, gᵢ⟩ */
function productsOf(problem: Problem, weights: Weights): Float64Array {
  const k = kOf(problem);
  return Float64Array.from({ length: k }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += problem.gram[i * k + j]! * weights[j]!;
    return sum;
  });
}

function kOf({ gram }: Problem): number {
  return Math.sqrt(gram.length);
}
