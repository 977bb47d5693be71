import * as z from 'zod';
import { coefficient, share } from './numberSchema.ts';

export const optimizer = z.strictObject({
  name: z
    .enum(['sgd', 'adamw'])
    .default('adamw')
    .describe(
      '`sgd`: gradient descent with momentum; `adamw`: Adam with bias correction and decoupled weight decay.',
    ),
  learningRate: z
    .number()
    .positive()
    .default(0.001)
    .describe('Peak learning rate of the schedule.'),
  momentum: coefficient().default(0).describe('For `sgd`: momentum coefficient.'),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'For `adamw`: decoupled weight decay, scaled by the learning rate; for `sgd`: this times the weight is added to the gradient.',
    ),
  beta1: coefficient().default(0.9).describe('For `adamw`: decay rate of the first moment.'),
  beta2: coefficient().default(0.999).describe('For `adamw`: decay rate of the second moment.'),
  epsilon: z.number().positive().default(1e-8).describe('For `adamw`: added to the denominator.'),
  maxGradNorm: z
    .number()
    .positive()
    .optional()
    .describe(
      'Gradient clipping, as `max_grad_norm` of transformers: an aggregated gradient whose norm over all parameters is larger is shortened to this norm before the optimizer gets it. Its direction, and with it the aggregator’s guarantee, stays. Default: no clipping.',
    ),
  warmup: share()
    .default(0)
    .describe(
      'Fraction of the steps over which the learning rate rises linearly to `learningRate`.',
    ),
  decay: z
    .enum(['none', 'linear', 'cosine'])
    .default('none')
    .describe(
      'How the learning rate decays after warm-up; `linear` and `cosine` reach 0 after the last step.',
    ),
});
