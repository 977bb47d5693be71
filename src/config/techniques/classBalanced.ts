import { classesOnly, normalized, type Technique } from './description.ts';

/** The weight of a class is the inverse of its effective number of examples. */
export const classBalanced: Technique = {
  title: 'Class-balanced loss: class weights from the effective number of examples',
  formula:
    'ℓ = −w_y log p_y with w_c ∝ (1 − β)/(1 − β^{n_c}) for n_c training examples of class c; β = 1: w_c ∝ 1/n_c. Scaled such that a training example has weight 1 on average',
  reference: 'Cui et al. 2019, arXiv:1901.05555',
  groups: 'As with `classWeights`.',
  parameters: {
    beta: {
      default: 0.999,
      min: 0,
      max: 1,
      description: 'β: 0 weighs all classes alike, 1 by the inverse of their frequency.',
    },
  },
  refusal: classesOnly('classBalanced'),
  excludes: ['classWeights'],
  loss: ({ beta }, classes) => ({
    weights: normalized(
      // A class that only validation has never occurs in the loss.
      classes.counts.map((count) => (count === 0 ? 0 : 1 / effectiveNumber(count, beta!))),
      classes,
    ),
  }),
};

/** (1 − βⁿ)/(1 − β), n for β = 1. */
function effectiveNumber(count: number, beta: number): number {
  return beta === 1 ? count : (1 - beta ** count) / (1 - beta);
}
