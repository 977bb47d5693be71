import { classesOnly, type Technique } from './description.ts';

const classes = classesOnly('ghm');

/** Examples count less where many others of the batch are predicted as well, or as badly, as they are. */
export const ghm: Technique = {
  title:
    'GHM, gradient harmonizing: examples count less where many others are as easy, or as hard, as they are',
  formula:
    'ℓ = −β log p_y with β = N/(n·R) for an example whose g = 1 − p_y lies in a region of [0, 1] together with R of the batch’s N examples, itself included; there are M regions of equal width, `regions`, and n of them have examples. The paper divides by M instead of n; its authors’ code does as is done here, so that β is 1 on average. Their average of R over steps is left out',
  reference:
    'Li et al. 2019, arXiv:1811.05181 (GHM-C; |p − p*| of two classes is 1 − p_y of softmax)',
  groups:
    'β is counted over the whole batch, and constant in the gradient; a group’s is that of the mean of βᵢℓᵢ over its examples.',
  parameters: {
    regions: {
      default: 10,
      min: 1,
      max: 1000,
      description: 'M, into how many regions g is divided; a fraction is rounded down.',
    },
  },
  excludes: ['focal'],
  refusal: (context) =>
    context.accumulates
      ? {
          message:
            'ghm counts over the examples of the whole batch, which groups.backward: accumulate never has together',
          expected: 'no such key, or groups.backward: grouped',
        }
      : classes(context),
  loss: ({ regions }) => ({ regions: Math.floor(regions!) }),
};
