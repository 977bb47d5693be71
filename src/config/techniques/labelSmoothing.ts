import { classesOnly, type Technique } from './description.ts';

/** Targets are not certain: ε of their probability is spread over all classes. */
export const labelSmoothing: Technique = {
  title: 'Label smoothing: targets that leave some probability to every class',
  formula: 'ℓ = −Σ_c q_c log p_c with q_c = (1 − ε)·[c = y] + ε/C, C classes',
  reference: 'Szegedy et al. 2016, arXiv:1512.00567; label_smoothing of torch.nn.CrossEntropyLoss',
  groups: 'Each group’s gradient is that of its mean smoothed loss.',
  parameters: {
    epsilon: {
      default: 0.1,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'ε, the share of the probability that is spread.',
    },
  },
  refusal: classesOnly('labelSmoothing'),
  loss: ({ epsilon }) => ({ smoothing: epsilon! }),
};
