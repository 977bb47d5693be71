import { classesOnly, type Technique } from './description.ts';

const classes = classesOnly('rDrop');

/** Two forward passes with different dropout are to predict the same. */
export const rDrop: Technique = {
  title: 'R-Drop: two forward passes with different dropout are to agree',
  formula:
    'ℓ = ½(ℓ₁ + ℓ₂) + α·¼(KL(p₁‖p₂) + KL(p₂‖p₁)), half of the paper’s loss, over two forward passes of each example',
  reference: 'Liang et al. 2021, arXiv:2106.14448',
  groups:
    'Each group’s gradient is that of its mean loss over both passes, which are one pass over a batch with every example twice: twice the time and activations.',
  parameters: {
    alpha: {
      default: 1,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'α, the weight of the disagreement.',
    },
  },
  refusal: (context) => {
    if (!context.isTransformer || context.dropout === 0) {
      return {
        message: context.isTransformer
          ? 'rDrop compares passes with different dropout, but model.dropout is 0'
          : 'rDrop compares passes with different dropout, which small networks do not have',
        expected: context.isTransformer ? 'another model.dropout, or no such key' : 'no such key',
      };
    }
    return classes(context);
  },
  loss: ({ alpha }) => ({ agreement: alpha! }),
};
