import { classesOnly, normalized, type Technique } from './description.ts';

/** Examples count by the weight of their class. */
export const classWeights: Technique = {
  title: 'Class weights: examples count by a factor of their class',
  formula:
    'ℓ = −w_y log p_y. Keys are names of classes, others have 1; all are scaled together such that a training example has weight 1 on average',
  reference: 'King & Zeng 2001; weight of torch.nn.CrossEntropyLoss',
  groups:
    'A group’s gradient is that of the mean of wᵢℓᵢ over its examples, divided by their number and not by their weight: a group of rare classes has a longer gradient, which aggregators that normalize take back.',
  refusal: classesOnly('classWeights'),
  loss: (parameters, classes) => ({
    weights: normalized(
      classes.names.map((name) => parameters[name] ?? 1),
      classes,
    ),
  }),
};
