import type { Technique } from './description.ts';

/** Short texts first. */
export const curriculum: Technique = {
  title: 'Competence-based curriculum: short texts first',
  formula:
    'Step t of the first `until`·T draws from the shortest share √(t/(until·T)·(1 − c²) + c²) of the training texts, c = `start`; from then on from all',
  reference: 'Platanios et al. 2019, arXiv:1903.09848 (difficulty: length; square-root competence)',
  groups: 'Groups are made of the examples of a batch as always.',
  parameters: {
    start: {
      default: 0.1,
      min: 0.01,
      max: 1,
      description: 'c, the share of the texts at the start.',
    },
    until: {
      default: 0.5,
      min: 0,
      max: 1,
      description: 'The share of the steps after which all texts are drawn from.',
    },
  },
  refusal: ({ readsTexts, batches }) => {
    if (!readsTexts) {
      return {
        message: 'curriculum orders texts by their length, and there are no texts',
        expected: 'data.text, or no such key',
      };
    }
    return batches === 'random'
      ? null
      : {
          message: `curriculum has an order of its own, which batches: ${batches} contradicts`,
          expected: 'batches: random, or no such key',
        };
  },
  competence: ({ start, until }, step, steps) => {
    const progress = until! === 0 ? 1 : Math.min(1, step / (until! * steps));
    return Math.sqrt(progress * (1 - start! ** 2) + start! ** 2);
  },
};
