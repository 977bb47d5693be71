import { classesOnly, type Technique } from './description.ts';

/** Examples that are predicted well count less. */
export const focal: Technique = {
  title: 'Focal loss: examples that are predicted well count less',
  formula: 'ℓ = −(1 − p_y)^γ log p_y',
  reference: 'Lin et al. 2017, arXiv:1708.02002',
  groups:
    'Each group’s gradient is that of its mean focal loss. A group that is fitted has a very short one, which stalls aggregators of minimum norm.',
  parameters: {
    gamma: {
      default: 2,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'γ: 0 is cross-entropy.',
    },
  },
  refusal: classesOnly('focal'),
  loss: ({ gamma }) => ({ focus: gamma! }),
};
