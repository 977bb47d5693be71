import type { Plan } from '../../../src/nn/layers/plan.ts';

/** All is trained, nothing made anew. */
export const full: Plan = { freeze: 0, reinitialize: 0, lora: null, newHead: false, seed: 0 };
