import { needsPretrainedWeights, type Technique } from './description.ts';

/** A little noise on the pretrained weights before the first step. */
export const noisyTune: Technique = {
  title: 'NoisyTune: a little noise on the pretrained weights before the first step',
  formula:
    'θ ← θ + λ·std(θ)·u for each tensor of pretrained parameters that is trained, u uniform between −½ and ½, drawn by the seed of the initialization',
  reference: 'Wu et al. 2022, arXiv:2202.12024',
  groups: 'Gradients are those of the parameters as they then are.',
  parameters: {
    lambda: {
      default: 0.15,
      min: 0,
      max: Number.MAX_VALUE,
      description: 'λ, the size of the noise relative to the spread of a tensor’s values.',
    },
  },
  refusal: needsPretrainedWeights('noisyTune', 'disturbs pretrained weights'),
  noise: ({ lambda }) => lambda!,
};
