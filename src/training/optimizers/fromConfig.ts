import type { AdamWStep } from '../../backends/interface/kernels.ts';
import { AdamW } from './adamw.ts';
import type { Optimizer, OptimizerConfig } from './optimizer.ts';
import { Sgd } from './sgd.ts';

/** @param adamw the device's own kernel, if it has one */
export function buildOptimizer(config: OptimizerConfig, adamw?: AdamWStep): Optimizer {
  switch (config.name) {
    case 'sgd':
      return new Sgd(config);
    case 'adamw':
      return new AdamW(config, adamw);
  }
}

export interface Schedule {
  readonly learningRate: number;
  /** Fraction of the steps, 0…1, over which the rate rises linearly from 0 to `learningRate`. */
  readonly warmup: number;
  /** What happens afterwards; `linear` and `cosine` reach 0 just after the last step. */
  readonly decay: 'none' | 'linear' | 'cosine';
}

/** Learning rate of a step, 1 ≤ step ≤ steps. */
export function learningRateAt(step: number, steps: number, schedule: Schedule): number {
  const { learningRate, warmup, decay } = schedule;
  const rising = Math.round(warmup * steps);
  if (step <= rising) return (learningRate * step) / rising;
  const progress = (step - 1 - rising) / (steps - rising);
  switch (decay) {
    case 'none':
      return learningRate;
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
  }
}
