/** Steps of runs as claims look at them: aggregated gradients against those of the groups and of the mean, from logged Gram matrices in float64. */
import { diagnoseStep } from '../../engine/diagnoseStep.ts';
import type { StepEvent } from '../../runs/events.ts';
import { factsOf } from '../../runs/facts.ts';
import type { RunSummary } from '../../runs/store.ts';
import { readEvents } from '../../runs/tail.ts';

export async function stepsOf({ folder }: Pick<RunSummary, 'folder'>): Promise<StepEvent[]> {
  return (await readEvents(folder)).filter((event) => event.kind === 'step');
}

export interface InnerProducts {
  /** ⟨d, gᵢ⟩ of each group. */
  readonly products: readonly number[];
  /** How many are negative. */
  readonly negative: number;
  /** Groups whose cosine with d is negative beyond rounding. */
  readonly conflicts: number;
  /** The least cosine. */
  readonly minCosine: number;
}

/** ⟨d, gᵢ⟩ = (Hw)ᵢ; `null` without Gram matrix and weights. */
export function innerProductsOf(step: StepEvent): InnerProducts | null {
  const facts = factsOf(step);
  const { gram, weights } = facts;
  const { minCosine, conflictsWith } = diagnoseStep(facts);
  if (!gram || !weights || minCosine === null || conflictsWith === null) return null;
  const products = applied(gram, weights);
  const negative = products.filter((product) => product < 0).length;
  return { products, negative, conflicts: conflictsWith.length, minCosine };
}

export interface FromMean {
  /** ½Σ|wᵢ − mᵢ| of the weights and the mean's, 0…1: the weight that would have to move. */
  readonly distance: number;
  /** Angle between d and ḡ in degrees; NaN where one of them is zero. */
  readonly angle: number;
}

/** `null` without Gram matrix and weights. */
export function fromMean(step: StepEvent): FromMean | null {
  const { gram, weights, sizes } = factsOf(step);
  if (!gram || !weights) return null;
  const k = weights.length;
  const total = sum(Array.from(sizes));
  const means = Array.from(sizes, (size) => size / total);
  const distance = sum(means.map((share, i) => Math.abs(weights[i]! - share))) / 2;
  const [own, ofMean] = [applied(gram, weights), applied(gram, means)];
  let [inner, norm2, meanNorm2] = [0, 0, 0];
  for (let i = 0; i < k; i++) {
    inner += means[i]! * own[i]!;
    norm2 += weights[i]! * own[i]!;
    meanNorm2 += means[i]! * ofMean[i]!;
  }
  const cosine = inner / Math.sqrt(norm2 * meanNorm2);
  return { distance, angle: (Math.acos(Math.min(1, cosine)) * 180) / Math.PI };
}

/** Mean share of a step's groups that the mean's direction conflicts with, 0…1. */
export function meanConflictOf(steps: readonly StepEvent[]): number {
  const shares = steps.flatMap((step) => diagnoseStep(factsOf(step)).meanConflictRate ?? []);
  return sum(shares) / shares.length;
}

/** ‖d‖² of each step. */
export function normsOf(steps: readonly StepEvent[]): number[] {
  return steps.map((step) => diagnoseStep(factsOf(step)).norm2 ?? Number.NaN);
}

function applied(gram: Float64Array, weights: ArrayLike<number>): number[] {
  const k = weights.length;
  return Array.from({ length: k }, (_, i) => {
    let product = 0;
    for (let j = 0; j < k; j++) product += gram[i * k + j]! * weights[j]!;
    return product;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
