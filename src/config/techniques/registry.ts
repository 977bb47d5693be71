import type { Techniques } from '../../engine/types.ts';
import { classBalanced } from './classBalanced.ts';
import { classWeights } from './classWeights.ts';
import { curriculum } from './curriculum.ts';
import {
  type Ascent,
  type ClassCounts,
  type LossShape,
  plainLoss,
  type Stability,
  type Technique,
} from './description.ts';
import { ema } from './ema.ts';
import { focal } from './focal.ts';
import { ghm } from './ghm.ts';
import { headFirst } from './headFirst.ts';
import { labelSmoothing } from './labelSmoothing.ts';
import { ldam } from './ldam.ts';
import { lnsr } from './lnsr.ts';
import { mixout } from './mixout.ts';
import { noisyTune } from './noisyTune.ts';
import { ohem } from './ohem.ts';
import { rDrop } from './rDrop.ts';
import { asam, sam, tsam } from './sam.ts';
import { swa } from './swa.ts';
import { tilted } from './tilted.ts';

export const techniques = {
  labelSmoothing,
  classWeights,
  classBalanced,
  ldam,
  focal,
  ghm,
  ohem,
  tilted,
  rDrop,
  lnsr,
  ema,
  swa,
  noisyTune,
  headFirst,
  mixout,
  sam,
  asam,
  tsam,
  curriculum,
} as const satisfies Readonly<Record<string, Technique>>;

export type TechniqueName = keyof typeof techniques;

/** The techniques that one does not go together with. */
export function rivalsOf(name: TechniqueName): TechniqueName[] {
  const excludedBy = (one: TechniqueName, other: TechniqueName) =>
    (techniques[one] as Technique).excludes?.includes(other) ?? false;
  const names = Object.keys(techniques) as TechniqueName[];
  return names.filter((other) => excludedBy(name, other) || excludedBy(other, name));
}

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
  return hookOf(of, ({ averaging }, parameters) =>
    averaging ? (step: number) => averaging(parameters, step, steps) : undefined,
  );
}

/** The share of the training texts that a step, 1-based, draws from; `null`: all. */
export function competenceOf(of: Techniques, steps: number): ((step: number) => number) | null {
  return hookOf(of, ({ competence }, parameters) =>
    competence ? (step: number) => competence(parameters, step, steps) : undefined,
  );
}

/** How many steps at the beginning train the head only. */
export function headStepsOf(of: Techniques, steps: number): number {
  return hookOf(of, ({ headSteps }, parameters) => headSteps?.(parameters, steps)) ?? 0;
}

/** Noise on pretrained tensors, relative to the spread of their values; `null`: none. */
export function noiseOf(of: Techniques): number | null {
  return hookOf(of, ({ noise }, parameters) => noise?.(parameters));
}

/** Share of the inputs of pretrained layers that keep their weights in a step; `null`: none. */
export function mixingOf(of: Techniques): number | null {
  return hookOf(of, ({ mixing }, parameters) => mixing?.(parameters));
}

/** Where gradients are taken; `null`: at the parameters. */
export function ascentOf(of: Techniques): Ascent | null {
  return hookOf(of, ({ ascent }, parameters) => ascent?.(parameters));
}

/** Noise between layers, and how much what it changes counts; `null`: none. */
export function stabilityOf(of: Techniques): Stability | null {
  return hookOf(of, ({ stability }, parameters) => stability?.(parameters));
}

/** Of the first technique that has it: there is only one that is used. */
function hookOf<T>(
  of: Techniques,
  hook: (technique: Technique, parameters: Techniques[string]) => T | undefined,
): T | null {
  for (const [technique, parameters] of used(of)) {
    const found = hook(technique, parameters);
    if (found !== undefined) return found;
  }
  return null;
}
