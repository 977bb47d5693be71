import { AdamW } from './adamw.ts';
import type { Optimizer, OptimizerConfig } from './optimizer.ts';
import { Sgd } from './sgd.ts';

export function buildOptimizer(config: OptimizerConfig): Optimizer {
  switch (config.name) {
    case 'sgd':
      return new Sgd(config);
    case 'adamw':
      return new AdamW(config);
  }
}
