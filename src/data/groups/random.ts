import { seededRandom, shuffle } from '../../engine/seededRandom.ts';
import type { Grouping } from './grouping.ts';
import { numberedNames, slices } from './slices.ts';

/** A fresh random partition of each batch, decided by (seed, step). */
export function random(count: number, seed: number): Grouping {
  return {
    names: numberedNames(count),
    split: (step, batch) =>
      slices(shuffle(batch.slice(), seededRandom('groups', seed, step)), count),
  };
}
