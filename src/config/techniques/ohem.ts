import type { Technique } from './description.ts';

/** Only the examples with the highest loss count. */
export const ohem: Technique = {
  title: 'Online hard example mining: only the examples with the highest loss count',
  formula: 'The mean of ℓᵢ over the ⌈share·n⌉ examples with the highest loss, of n in a group',
  reference: 'Shrivastava et al. 2016, arXiv:1604.03540',
  groups:
    'Examples are chosen within each group, so that every group keeps a gradient: that of the mean loss of its hardest examples. Chosen over the whole batch, groups would be left without any.',
  parameters: {
    share: {
      default: 0.5,
      min: 0.01,
      max: 1,
      description: 'The share of a group’s examples that count, at least one example.',
    },
  },
  refusal: ({ task }) =>
    task === 'generation'
      ? {
          message:
            'ohem chooses among examples by their loss, and generation has one for each token',
          expected: 'task: classification or regression, or no such key',
        }
      : null,
  loss: ({ share }) => ({ kept: share! }),
};
