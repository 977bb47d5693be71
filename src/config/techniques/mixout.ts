import { needsPretrainedWeights, type Technique } from './description.ts';

/** In each step, some weights are what they were before training. */
export const mixout: Technique = {
  title: 'Mixout: in each step, some inputs of each layer keep their pretrained weights',
  formula:
    'Gradients at θ̃ = (A⊙u + (1 − A)⊙θ − p·u)/(1 − p), whose mean is θ, for the weights of the pretrained linear layers that are trained, without the head; u: their values at the start; A has one value for all weights of an input of a layer, 1 with probability p, drawn anew for each step. By θ they are 1/(1 − p) times those by θ̃ where A = 0 (the authors’ code leaves this factor out), else 0. Validation is at θ. In the paper it replaces dropout: `model.dropout: 0`',
  reference: 'Lee et al. 2020, arXiv:1909.11299',
  groups:
    'Groups’ gradients, and an aggregator’s guarantee, are those of one draw of A for the whole step.',
  parameters: {
    probability: {
      default: 0.9,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'p, the share of the inputs that keep their pretrained weights in a step.',
    },
  },
  refusal: needsPretrainedWeights('mixout', 'mixes pretrained weights into those that are trained'),
  mixing: ({ probability }) => probability!,
};
