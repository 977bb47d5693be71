import type { Optimizer, OptimizerConfig } from './optimizer.ts';

export function buildOptimizer(_config: OptimizerConfig): Optimizer {
  throw new Error('not written yet');
}
