import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';

/** Everything is trained, nothing initialized anew. */
export const full: FineTuningPlan = {
  freeze: 0,
  reinitialize: 0,
  lora: null,
  newHead: false,
  seed: 0,
};
