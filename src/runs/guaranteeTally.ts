import * as z from 'zod';
import type { StepDiagnostics } from '../engine/diagnoseStep.ts';
import { guaranteeOf } from '../engine/guarantee.ts';
import type { AggregationSettings } from '../engine/types.ts';
import type { DeepReadonly } from './deepReadonly.ts';

const updateCountsSchema = z.object({ conflicted: z.number(), measured: z.number() });

const guaranteeCountsSchema = z.object({
  steps: z.number(),
  /** Steps in which the guarantee of the direction held, and was violated; 0 without a guarantee. */
  held: z.number(),
  violated: z.number(),
  /** Steps whose direction conflicted with a group, or was not finite, of those in which that is known. */
  conflicted: z.number(),
  measured: z.number(),
  updates: updateCountsSchema,
});

export const guaranteeTallySchema = z.object({
  counts: guaranteeCountsSchema,
  isStationary: z.boolean(),
});

/** Steps whose update of the parameters conflicted with a group, beyond rounding, of those in which that was measured. */
export type UpdateCounts = DeepReadonly<z.infer<typeof updateCountsSchema>>;

/** How often a run's directions and updates conflicted with a group, over all steps so far. */
export type GuaranteeCounts = DeepReadonly<z.infer<typeof guaranteeCountsSchema>>;

/** Counts the steps of a run, whatever its length. */
export class GuaranteeTally {
  readonly #aggregation: AggregationSettings<string>;
  #counts: GuaranteeCounts = {
    ...{ steps: 0, held: 0, violated: 0, conflicted: 0, measured: 0 },
    updates: { conflicted: 0, measured: 0 },
  };
  #isStationary = false;

  constructor(aggregation: AggregationSettings<string>) {
    this.#aggregation = aggregation;
  }

  static from(
    aggregation: AggregationSettings<string>,
    { counts, isStationary }: z.infer<typeof guaranteeTallySchema>,
  ): GuaranteeTally {
    const tally = new GuaranteeTally(aggregation);
    tally.#counts = counts;
    tally.#isStationary = isStationary;
    return tally;
  }

  toJSON(): z.infer<typeof guaranteeTallySchema> {
    return { counts: this.#counts, isStationary: this.#isStationary };
  }

  add(derived: Pick<StepDiagnostics, 'certified' | 'stationary' | 'updateConflictsWith'>): void {
    const { steps, held, violated, conflicted, measured, updates } = this.#counts;
    const { certified } = derived;
    const guarantee = guaranteeOf(this.#aggregation, derived);
    this.#counts = {
      steps: steps + 1,
      held: held + Number(guarantee === 'held'),
      violated: violated + Number(guarantee === 'violated'),
      conflicted: conflicted + Number(certified === false),
      measured: measured + Number(certified !== null),
      updates: counted(updates, derived.updateConflictsWith),
    };
    this.#isStationary = derived.stationary === true;
  }

  get counts(): GuaranteeCounts {
    return this.#counts;
  }

  /** Whether the latest direction is zero to rounding. */
  get isStationary(): boolean {
    return this.#isStationary;
  }
}

function counted(
  { conflicted, measured }: UpdateCounts,
  conflictsWith: readonly number[] | null,
): UpdateCounts {
  return {
    conflicted: conflicted + Number(conflictsWith !== null && conflictsWith.length > 0),
    measured: measured + Number(conflictsWith !== null),
  };
}
