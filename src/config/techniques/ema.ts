import type { Technique } from './description.ts';

/** What is validated and saved is a moving average of the parameters. */
export const ema: Technique = {
  title: 'Exponential moving average of the parameters',
  formula: 'θ̄ ← βθ̄ + (1 − β)θ after each step, from θ̄ = θ at the start; θ̄ is validated and saved',
  reference: 'Polyak & Juditsky 1992; Izmailov et al. 2018, arXiv:1803.05407',
  groups: 'Gradients are those of θ, as without it.',
  parameters: {
    decay: {
      default: 0.99,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'β: about 1/(1 − β) steps are averaged.',
    },
  },
  averaging: ({ decay }) => 1 - decay!,
};
