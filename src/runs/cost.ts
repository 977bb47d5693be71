import * as z from 'zod';
import type { StepEvent } from './events.ts';
import { experimentKey } from './identity.ts';
import type { RunManifest } from './manifest.ts';
import { Quantiles, quantilesSchema } from './quantiles.ts';

/** Time and memory of a run's steps. */
export interface Cost {
  /** Number of steps measured. */
  readonly steps: number;
  /** Median wall time of a step, in milliseconds, to within a percent. */
  readonly stepTime: number;
  /** Share of a step's time that is spent on aggregation, 0…1; its median. */
  readonly aggregationShare: number;
  /** Peak of the run's tensors in bytes; null where it was not logged. */
  readonly tensors: number | null;
  /** Peak of the resident memory of the process, in bytes; null where it was not logged. */
  readonly resident: number | null;
}

/** A cost as a multiple of another one. */
export interface CostRatio {
  readonly time: number;
  /** Null where it was not logged. */
  readonly tensors: number | null;
}

export const costTallySchema = z.object({
  steps: z.number(),
  times: quantilesSchema,
  shares: quantilesSchema,
  tensors: z.number().nullable(),
  resident: z.number().nullable(),
});

/** Adds up the cost of a run, step by step, whatever its length. */
export class CostTally {
  #steps = 0;
  #times = new Quantiles();
  #shares = new Quantiles();
  #tensors: number | null = null;
  #resident: number | null = null;

  static from({ times, shares, ...of }: z.infer<typeof costTallySchema>): CostTally {
    const tally = new CostTally();
    tally.#steps = of.steps;
    tally.#times = Quantiles.from(times);
    tally.#shares = Quantiles.from(shares);
    tally.#tensors = of.tensors;
    tally.#resident = of.resident;
    return tally;
  }

  toJSON(): z.infer<typeof costTallySchema> {
    return {
      steps: this.#steps,
      times: this.#times.toJSON(),
      shares: this.#shares.toJSON(),
      tensors: this.#tensors,
      resident: this.#resident,
    };
  }

  add({ ms, memory }: StepEvent): void {
    const time = ms.gradients + ms.aggregate + ms.update;
    // Another trainer may use other names for its times.
    if (!(time > 0 && time < Number.POSITIVE_INFINITY)) return;
    this.#steps++;
    this.#times.add(time);
    this.#shares.add(Math.max(0, ms.aggregate / time));
    this.#tensors = larger(this.#tensors, memory?.tensors);
    this.#resident = larger(this.#resident, memory?.resident);
  }

  /** Null before the first step. */
  get cost(): Cost | null {
    if (this.#steps === 0) return null;
    return {
      steps: this.#steps,
      stepTime: this.#times.median,
      aggregationShare: this.#shares.median,
      tensors: this.#tensors,
      resident: this.#resident,
    };
  }
}

/** A cost as a multiple of a baseline's. Resident memory is not compared: a process keeps memory that earlier runs allocated. */
export function costRatio(cost: Cost, baseline: Cost): CostRatio {
  return {
    time: cost.stepTime / baseline.stepTime,
    tensors:
      cost.tensors === null || baseline.tensors === null ? null : cost.tensors / baseline.tensors,
  };
}

/** The run with aggregator `mean` of the same experiment and seed, to compare costs with. */
export function meanRunFor<R extends { readonly manifest: RunManifest; readonly folder: string }>(
  run: R,
  runs: readonly R[],
): R | undefined {
  const { seed } = run.manifest;
  return runs.find((one) => {
    const { manifest: other } = one;
    const { name, metric, smoothing, guard } = other.aggregation;
    const isMean = name === 'mean' && metric === 'euclidean' && smoothing === 0 && guard === null;
    const isSameSeed = (['init', 'order', 'split'] as const).every(
      (part) => other.seed[part] === seed[part],
    );
    return (
      isMean && isSameSeed && one.folder !== run.folder && experimentKey(one) === experimentKey(run)
    );
  });
}

function larger(one: number | null, other: number | undefined): number | null {
  return other === undefined ? one : Math.max(one ?? 0, other);
}
