import type { Techniques } from '../../engine/types.ts';
import { classBalanced } from './classBalanced.ts';
import { classWeights } from './classWeights.ts';
import { type ClassCounts, type LossShape, plainLoss, type Technique } from './description.ts';
import { ema } from './ema.ts';
import { focal } from './focal.ts';
import { labelSmoothing } from './labelSmoothing.ts';
import { ldam } from './ldam.ts';
import { ohem } from './ohem.ts';
import { rDrop } from './rDrop.ts';
import { swa } from './swa.ts';

export const techniques = {
  labelSmoothing,
  classWeights,
  classBalanced,
  ldam,
  focal,
  ohem,
  rDrop,
  ema,
  swa,
} as const satisfies Readonly<Record<string, Technique>>;

export type TechniqueName = keyof typeof techniques;

/** The techniques that are used, with their parameters. */
function used(of: Techniques): [Technique, Techniques[string]][] {
  return Object.entries(of).map(([name, parameters]) => [
    techniques[name as TechniqueName],
    parameters,
  ]);
}

/** The loss that all of them make together; `null` if it is the plain one. */
export function lossShapeOf(of: Techniques, classes: ClassCounts): LossShape | null {
  const parts = used(of).flatMap(([{ loss }, parameters]) => loss?.(parameters, classes) ?? []);
  return parts.length === 0 ? null : Object.assign({}, plainLoss, ...parts);
}

/** The share of the parameters in their average after a step, 1-based; `null` if there is no average. */
export function averagingOf(of: Techniques, steps: number): ((step: number) => number) | null {
  const found = used(of).find(([{ averaging }]) => averaging);
  if (!found) return null;
  const [{ averaging }, parameters] = found;
  return (step) => averaging!(parameters, step, steps);
}
