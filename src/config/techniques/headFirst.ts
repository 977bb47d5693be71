import type { Technique } from './description.ts';

/** Training in two stages: the head alone, then everything. */
export const headFirst: Technique = {
  title: 'Two stages: the head alone, then all parameters',
  formula:
    'Steps up to `until`·T change the head only, the layers beside the pretrained network; from then on all that is trained, with a new optimizer and aggregator. The learning rate’s schedule is one over both stages',
  reference: 'Kumar et al. 2022, arXiv:2202.10054 (LP-FT, linear probing then fine-tuning)',
  groups:
    'In the first stage gradients, Gram matrix and an aggregator’s guarantee are those of the head’s parameters.',
  parameters: {
    until: {
      default: 0.25,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'The share of the steps that train the head only, rounded down.',
    },
  },
  refusal: ({ task, isPretrained }) => {
    if (task === 'generation') {
      return {
        message:
          'headFirst trains a head beside a pretrained network, which task: generation does not have',
        expected: 'task: classification or regression, or no such key',
      };
    }
    return isPretrained
      ? null
      : {
          message: 'headFirst spares what a network has learnt, and this one starts from scratch',
          expected: 'model.from, or no such key',
        };
  },
  headSteps: ({ until }, steps) => Math.floor(until! * steps),
};
