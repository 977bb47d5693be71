import type { Technique } from './description.ts';

/** Noise after a lower layer is to change little above it. */
export const lnsr: Technique = {
  title: 'LNSR, layer-wise noise stability: noise after a lower layer is to change little above it',
  formula:
    'ℓ + λ·Σ_{r>b} ‖h̃_r − h_r‖², h_r the hidden states after layer r and h̃_r what they are if ε ~ N(0, σ²I) is added to those after layer b: one draw for each number of each example in each step, and the same dropout in both passes. ‖·‖² is of a token, and the mean over those of an example. The paper has a λ_r for each layer; the defaults are ours',
  reference: 'Hua et al. 2021, arXiv:2107.04835',
  groups:
    'Each group’s gradient is that of its mean loss with this term, which is one of each example. A step takes two forward and backward passes. On `device: torch` alone.',
  parameters: {
    layer: {
      default: 1,
      min: 1,
      max: 1000,
      description: 'b, after which layer noise is added; a fraction is rounded down.',
    },
    noise: {
      default: 0.1,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'σ, the standard deviation of the noise.',
    },
    weight: {
      default: 0.01,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'λ, how much instability counts.',
    },
  },
  refusal: ({ device, task, isTransformer, isCheckpointed }) => {
    if (device !== 'torch' && device !== 'auto') {
      return {
        message: `lnsr adds noise between layers, which device ${device} does not do`,
        expected: 'device: torch, or no such key',
      };
    }
    if (!isTransformer) {
      return {
        message: 'lnsr adds noise between the layers of a transformer',
        expected: 'model.from with texts or images, or no such key',
      };
    }
    if (task === 'generation') {
      return {
        message: 'lnsr adds to the loss of an example, and generation has one for each token',
        expected: 'task: classification or regression, or no such key',
      };
    }
    if (!isCheckpointed) return null;
    return {
      message:
        'lnsr adds noise between layers, which model.checkpointing would compute again without it',
      expected: 'checkpointing: false, or no such key',
    };
  },
  stability: ({ layer, noise, weight }) => ({
    layer: Math.floor(layer!),
    noise: noise!,
    weight: weight!,
  }),
};
