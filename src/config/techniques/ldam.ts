import { classesOnly, type Technique } from './description.ts';

/** Rare classes get a larger margin. */
export const ldam: Technique = {
  title: 'LDAM: margins that are larger for rare classes',
  formula:
    'Cross-entropy of s·(z_c − Δ_c·[c = y]) with Δ_c = m·(n_c/n_min)^(−1/4) for n_c training examples of class c, n_min of the rarest',
  reference: 'Cao et al. 2019, arXiv:1906.07413',
  groups: 'Each group’s gradient is that of its mean loss with margins.',
  parameters: {
    margin: {
      default: 0.5,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'm, the margin of the rarest class, in units of logits.',
    },
    scale: {
      default: 1,
      min: 0.01,
      max: Number.MAX_VALUE,
      description:
        's. The paper’s 30 is for a classifier of normalized vectors, whose logits are cosines.',
    },
  },
  refusal: classesOnly('ldam'),
  loss: ({ margin, scale }, { counts }) => {
    const rarest = Math.min(...counts.filter((count) => count > 0));
    return {
      scale: scale!,
      margins: counts.map((count) => (count === 0 ? 0 : margin! * (count / rarest) ** -0.25)),
    };
  },
};
