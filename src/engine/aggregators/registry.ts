import type { AggregatorName } from '../types.ts';
import { minNorm } from './grain.ts';
import { mean } from './mean.ts';

/** All there is to know of an aggregator; configuration, completion, panels and `grain` are fed from here. */
export interface AggregatorDescription {
  readonly name: AggregatorName;
  readonly title: string;
  /** Where the method comes from, with arXiv id or DOI. */
  readonly reference: string;
  /** What the aggregated gradient d promises, in one sentence. */
  readonly guarantee: string;
  /**
   * True if d is the shortest vector in the convex hull: a zero group would make it zero (so `Problem.zeroGroups` applies),
   * and the duality gap of its weights must vanish.
   */
  readonly minimumNorm: boolean;
  /**
   * @param gram H, k×k row-major, symmetric and finite; with a positive diagonal if `minimumNorm`
   * @param sizes examples in each group, positive, length k
   * @param weights length k; overwritten with weights on the simplex
   */
  weigh(gram: Float64Array, sizes: Float64Array, weights: Float64Array): void;
}

export const aggregators: Readonly<Record<AggregatorName, AggregatorDescription>> = {
  grain: {
    name: 'grain',
    title: 'GRAIN: shortest vector in the convex hull of the group gradients',
    reference:
      'Bui, Yao & Wang 2026, arXiv:2606.22917; Désidéri 2012, doi:10.1016/j.crma.2012.03.014; Wolfe 1976, doi:10.1007/BF01580381',
    guarantee:
      'No group is made worse to first order: ⟨d, gᵢ⟩ ≥ ‖d‖² ≥ 0 for every group i, with a duality gap as proof.',
    minimumNorm: true,
    weigh: (gram, _sizes, weights) => minNorm(gram, weights),
  },
  mean: {
    name: 'mean',
    title: 'Mean: plain training on the union of the groups',
    reference: 'Robbins & Monro 1951, doi:10.1214/aoms/1177729586',
    guarantee: 'None for single groups: the mean steps against a group whenever ⟨d, gᵢ⟩ < 0.',
    minimumNorm: false,
    weigh: (_gram, sizes, weights) => mean(sizes, weights),
  },
};

/** @throws RangeError naming the known aggregators if `name` is none of them */
export function aggregatorNamed(name: string): AggregatorDescription {
  if (!Object.hasOwn(aggregators, name)) {
    throw new RangeError(
      `unknown aggregator "${name}"; known: ${Object.keys(aggregators).join(', ')}`,
    );
  }
  return aggregators[name as AggregatorName];
}
