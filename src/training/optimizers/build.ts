import type { AdamWStep } from '../../backends/operations/adamwStep.ts';
import { AdamW } from './adamw.ts';
import type { Optimizer, OptimizerConfig } from './optimizer.ts';
import { Sgd } from './sgd.ts';

/** @param adamw the device's kernel, if it has one */
export function buildOptimizer(config: OptimizerConfig, adamw?: AdamWStep): Optimizer {
  switch (config.name) {
    case 'sgd':
      return new Sgd(config);
    case 'adamw':
      return new AdamW(config, adamw);
  }
}
