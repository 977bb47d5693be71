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
  ascent: ({ radius }) => ({ radius: radius!, eta: null, neighborhood: null }),
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
  ascent: ({ radius, eta }) => ({ radius: radius!, eta: eta!, neighborhood: null }),
};

/** Several places uphill, of which those with a higher loss count more. */
export const tsam: Technique = {
  title: 'TSAM, tilted sharpness-aware minimization: gradients from several places uphill',
  formula:
    'Σⱼ sⱼ∇L(θ + εⱼ) over `samples` places, s = softmax(tL(θ + ε)) with t = `tilt` and the batch’s mean losses L: the gradient of (1/t)·log((1/`samples`) Σⱼ exp(tL(θ + εⱼ))) with the εⱼ held constant. εⱼ = δⱼ + ρ·ḡ/‖ḡ‖ with δⱼ of length `noise` in a random direction, drawn anew for each step and place, and ḡ the gradient of L at θ + δⱼ: as the authors’ code, with its defaults',
  reference: 'Li et al. 2025, arXiv:2410.22656; github.com/litian96/TSAM',
  groups:
    'Groups’ gradients are Σⱼ sⱼ∇Lᵢ(θ + εⱼ), with the same places and sⱼ for all groups, and so is an aggregator’s guarantee; the losses that are logged are Σⱼ sⱼLᵢ(θ + εⱼ). A step takes 2·`samples` backward passes.',
  parameters: {
    radius: { default: 0.05, ...RADIUS },
    noise: {
      default: 1,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'How far from the parameters the places are from which it goes uphill.',
    },
    samples: {
      default: 3,
      min: 1,
      max: 100,
      description: 'How many places; a fraction is rounded down.',
    },
    tilt: {
      default: 1,
      min: 0,
      max: 1e6,
      description: 't, per unit of the loss: 0 is the mean over the places, ∞ the worst of them.',
    },
  },
  excludes: ['sam', 'asam'],
  ascent: ({ radius, noise, samples, tilt }) => ({
    radius: radius!,
    eta: null,
    neighborhood: { noise: noise!, samples: Math.floor(samples!), tilt: tilt! },
  }),
};
