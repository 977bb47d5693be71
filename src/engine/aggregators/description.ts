import type { AggregatorName, Memory } from '../types.ts';

/** A weighting's input: a screened Gram matrix. */
export interface WeightingProblem {
  readonly k: number;
  /** H, k×k row-major, symmetric and finite; with a positive diagonal unless the aggregator takes zero groups. */
  readonly gram: Float64Array;
  /** Examples in each group, positive, length k. */
  readonly sizes: Float64Array;
  /** All of the description's parameters, in range. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly seed: number;
  /** Identity of each group across steps, length k. */
  readonly groups: readonly number[];
  /** The aggregator's state from the previous step and its groups, which may differ from the current ones. */
  readonly memory?: Memory;
}

/** What holds for all gradients; the property tests check what an aggregator declares. */
export interface Properties {
  /** The weights are ≥ 0 and add up to 1 (in each block). */
  readonly convex: boolean;
  /** d is the shortest vector in the convex hull (of each block's gradients): the duality gap must vanish. */
  readonly minimumNorm: boolean;
  /** ⟨d, gᵢ⟩ ≥ 0 for every group, up to rounding. */
  readonly nonConflicting: boolean;
  /** d does not depend on the order of the groups. */
  readonly permutationEquivariant: boolean;
  /** d(c₁g₁, …, c_kg_k) is linear in c > 0: a group's influence is in proportion to its gradient (Quinton & Rey 2024). */
  readonly linearUnderScaling: boolean;
  /** d(cg₁, …, cg_k) = c·d for c > 0. */
  readonly scaleEquivariant: boolean;
  /** d = 0 only where a positive combination of all gradients is 0. */
  readonly stronglyStationary: boolean;
}

export interface AggregatorParameter {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** True if `max` itself is not allowed. */
  readonly belowMax?: boolean;
  readonly description: string;
}

/**
 * The weights of one step, where k² inner products decide them (for 'arrival': in order). All 0: there is no direction.
 *
 * @param weights zeros, length k; overwritten
 * @returns state to remember, in terms of the groups' identities, if any
 */
export type Weighting = (
  problem: WeightingProblem,
  weights: Float64Array,
) => readonly number[] | undefined;

/**
 * What there is to say about an aggregator; configuration, completion, panels and `grain` use it. It holds no function: its
 * {@link Weighting} is an export of its own in the same file, so that a bundle of what only names aggregators has no mathematics.
 */
export interface AggregatorDescription {
  readonly name: AggregatorName;
  readonly title: string;
  /** Where the method comes from, with arXiv id or DOI. */
  readonly reference: string;
  /** What the aggregated gradient d guarantees, in one sentence. */
  readonly guarantee: string;
  /**
   * What d is decided by: all k² inner products; those of each parameter block; the gradients one after another; single
   * coordinates.
   */
  readonly decidedBy: 'gram' | 'block-grams' | 'arrival' | 'coordinates';
  /** True if the weights depend on the sizes alone: they are known before the gradients. */
  readonly weighsBySizes?: true;
  readonly properties: Properties;
  /** True if a zero gradient is treated like any other; otherwise it leaves no direction, and `Problem.zeroGroups` applies. */
  readonly takesZeroGroups: boolean;
  readonly parameters: Readonly<Record<string, AggregatorParameter>>;
}
