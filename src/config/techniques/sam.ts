import type { Technique } from './description.ts';

const RADIUS = {
  min: 0,
  max: Number.MAX_VALUE,
  description: 'ρ, how far uphill the gradients are taken; 0 is no change.',
};

const GROUPS =
  'Groups’ gradients are those at θ + ε, of one ε for all groups, and so is an aggregator’s guarantee; the losses that are logged are those at θ. A step takes two backward passes.';

/** Gradients from the worst place nearby. */
export const sam: Technique = {
  title: 'SAM, sharpness-aware minimization: gradients from a little uphill',
  formula: 'The gradients at θ + ε with ε = ρ·ḡ/‖ḡ‖, ḡ the gradient of the batch’s mean loss at θ',
  reference: 'Foret et al. 2021, arXiv:2010.01412',
  groups: GROUPS,
  parameters: { radius: { default: 0.05, ...RADIUS } },
  excludes: ['asam'],
  ascent: ({ radius }) => ({ radius: radius!, eta: null }),
};

/** The same, in steps that are larger for larger parameters. */
export const asam: Technique = {
  title: 'ASAM, adaptive sharpness-aware minimization: uphill by the size of each parameter',
  formula:
    'The gradients at θ + ε with ε = ρ·T²ḡ/‖Tḡ‖, T = |θ| + η coordinate by coordinate, ḡ the gradient of the batch’s mean loss at θ',
  reference: 'Kwon et al. 2021, arXiv:2102.11600',
  groups: GROUPS,
  parameters: {
    radius: { default: 0.5, ...RADIUS },
    eta: {
      default: 0.01,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'η, so that parameters of 0 move too.',
    },
  },
  excludes: ['sam'],
  ascent: ({ radius, eta }) => ({ radius: radius!, eta: eta! }),
};
