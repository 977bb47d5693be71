import type { Technique } from './description.ts';

/** What is validated and saved is the mean of the parameters after many steps. */
export const swa: Technique = {
  title: 'Stochastic weight averaging: the mean of checkpoints along the way',
  formula:
    'After the share `start` of all steps, θ̄ is the mean of θ after every `every`-th step; before it θ̄ = θ. θ̄ is validated and saved',
  reference: 'Izmailov et al. 2018, arXiv:1803.05407',
  groups: 'Gradients are those of θ, as without it.',
  parameters: {
    start: {
      default: 0.75,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'The share of the steps after which averaging begins.',
    },
    every: {
      default: 1,
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      description: 'Steps from one averaged checkpoint to the next; a fraction is rounded down.',
    },
  },
  excludes: ['ema'],
  averaging: ({ start, every }, step, steps) => {
    const since = step - Math.floor(start! * steps);
    if (since <= 0) return 1;
    const period = Math.floor(every!);
    // The first averaged checkpoint replaces what was there before.
    const averaged = Math.ceil(since / period);
    return (since - 1) % period === 0 ? 1 / averaged : 0;
  },
};
