import * as z from 'zod';
import type { StepDiagnostics } from '../../engine/diagnoseStep.ts';

import { type Cost, CostTally, costTallySchema } from '../cost.ts';
import type { RunEvent, ValidationEvent } from '../events.ts';
import { GuaranteeTally, guaranteeTallySchema } from '../guaranteeTally.ts';
import type { RunManifest } from '../manifest.ts';
import { BEGINNING, type Progress, progressAfter, progressSchema } from '../progress.ts';

const bestSchema = z.object({ step: z.number(), value: z.number() });

export const digestSchema = z.object({
  progress: progressSchema,
  guarantee: guaranteeTallySchema,
  cost: costTallySchema,
  best: bestSchema.nullable(),
  skipped: z.number(),
});

/** The best validation by the metric that ranks checkpoints; the earliest of equals. */
export type BestValidation = Readonly<z.infer<typeof bestSchema>>;

type Run = Pick<RunManifest, 'aggregation' | 'metric'>;

/** A log in a few figures, folded event by event. */
export class Digest {
  readonly #run: Run;
  #progress = BEGINNING;
  #best: BestValidation | null = null;
  #skipped = 0;
  readonly guarantee: GuaranteeTally;
  readonly #cost: CostTally;

  constructor(run: Run, of?: z.infer<typeof digestSchema>) {
    this.#run = run;
    this.guarantee = of
      ? GuaranteeTally.from(run.aggregation, of.guarantee)
      : new GuaranteeTally(run.aggregation);
    this.#cost = of ? CostTally.from(of.cost) : new CostTally();
    if (!of) return;
    this.#progress = of.progress;
    this.#best = of.best;
    this.#skipped = of.skipped;
  }

  toJSON(): z.infer<typeof digestSchema> {
    return {
      progress: this.#progress as z.infer<typeof progressSchema>,
      guarantee: this.guarantee.toJSON(),
      cost: this.#cost.toJSON(),
      best: this.#best,
      skipped: this.#skipped,
    };
  }

  /** @param derived of a step; null if its facts do not match each other: it is not counted then */
  add(event: RunEvent, derived: StepDiagnostics | null): void {
    this.#progress = progressAfter(this.#progress, event);
    if (event.kind === 'step') {
      if (derived) this.guarantee.add(derived);
      this.#cost.add(event);
    }
    if (event.kind === 'validation') this.#rank(event);
  }

  /** Counts a line that is not an event. */
  skip(): void {
    this.#skipped++;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get best(): BestValidation | null {
    return this.#best;
  }

  /** Null before the first step. */
  get cost(): Cost | null {
    return this.#cost.cost;
  }

  /** Lines of the log that are not events. */
  get skipped(): number {
    return this.#skipped;
  }

  #rank({ step, metrics }: ValidationEvent): void {
    const { name, better } = this.#run.metric;
    const sign = better === 'higher' ? 1 : -1;
    const value = metrics[name];
    if (typeof value !== 'number') return;
    if (this.#best === null || sign * value > sign * this.#best.value) this.#best = { step, value };
  }
}
