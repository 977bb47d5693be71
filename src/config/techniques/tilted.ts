import type { Technique } from './description.ts';

/** A group’s loss is between the mean and the largest, or the smallest, of its examples’. */
export const tilted: Technique = {
  title: 'Tilted loss: hard examples count more, or outliers less',
  formula:
    'The loss of a group of n examples is (1/t)·log((1/n) Σ exp(tℓᵢ)), t = `tilt`: their largest loss as t → ∞, their mean at 0, their smallest as t → −∞',
  reference: 'Li et al. 2021, arXiv:2007.01162 (TERM)',
  groups:
    'Each group’s gradient is that of its tilted loss, Σ sᵢ∇ℓᵢ with s = softmax(tℓ) over the examples of the group; an aggregator’s guarantee is about these losses.',
  parameters: {
    tilt: {
      default: 1,
      min: -Number.MAX_VALUE,
      max: Number.MAX_VALUE,
      description:
        't, per unit of the loss: above 0 for the worst examples, below 0 against outliers.',
    },
  },
  refusal: ({ task }) =>
    task === 'generation'
      ? {
          message: 'tilted weighs examples by their loss, and generation has one for each token',
          expected: 'task: classification or regression, or no such key',
        }
      : null,
  loss: ({ tilt }) => ({ tilt: tilt! }),
};
