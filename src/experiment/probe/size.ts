import { countPoints } from '../../config/points.ts';
import type { Config } from '../../config/schema.ts';
import { type SeedPair, seedPairs } from '../../config/seeds.ts';

/** Steps and seeds of a probe: few beside those of an experiment, and as many as its advice was tested with. */
const STEPS = 150;
const SEEDS = 3;
/** A probe is worth its time if the runs that it may save take at least so many times as many steps. */
const WORTH = 4;

type Sized = Pick<Config, 'steps' | 'seeds' | 'aggregate'> & Partial<Pick<Config, 'grid'>>;

export function probeSize({ steps, seeds }: Sized): { steps: number; seeds: SeedPair[] } {
  return { steps: Math.min(steps, STEPS), seeds: seedPairs(seeds).slice(0, SEEDS) };
}

/** Whether the runs of a config take many more steps than a probe of it. */
export function costsLittleBeside(config: Sized): boolean {
  const { steps, seeds } = probeSize(config);
  const methods = config.aggregate.length * countPoints(config);
  const planned = config.steps * seedPairs(config.seeds).length * methods;
  return planned >= WORTH * steps * seeds.length;
}
