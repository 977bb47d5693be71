import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';

/** All is trained, nothing made anew. */
export const full: FineTuningPlan = {
  freeze: 0,
  reinitialize: 0,
  lora: null,
  newHead: false,
  seed: 0,
};
