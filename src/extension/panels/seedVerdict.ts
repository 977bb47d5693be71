import { evidenceOf, firstPredictions } from '../../experiment/evidence.ts';
import type { ValidatedRun } from '../../experiment/validatedRuns.ts';
import { verdictOf } from '../../experiment/verdict.ts';
import { byCreation } from '../../runs/order.ts';
import type { Prediction } from '../../runs/predictions.ts';
import { isActive } from '../../runs/status.ts';
import type { SeedVerdict } from '../messages/seedVariance.ts';

/** The verdict of one experiment while its runs end: computed again only when a run has, or another metric is looked at. */
export class VerdictWatch {
  /** Everything that the verdict depends on. */
  #key = '';
  #verdict: SeedVerdict | undefined;
  /** Of any finished run, for the validation examples' targets. */
  #predictions: readonly Prediction[] | null = null;

  async update(runs: readonly ValidatedRun[], metric: string): Promise<SeedVerdict> {
    const key = JSON.stringify([metric, runs.map(keyOf)]);
    if (this.#verdict && key === this.#key) return this.#verdict;
    this.#predictions ??= await firstPredictions(runs.map(({ run }) => run).sort(byCreation));
    const findings = evidenceOf(runs, metric, this.#predictions);
    const failures = findings.methods.map(({ method, failures }) => ({
      aggregator: method,
      failed: failures?.count ?? 0,
      of: failures?.n ?? 0,
    }));
    this.#key = key;
    this.#verdict = { ...verdictOf(findings), failures };
    return this.#verdict;
  }
}

/** Of a run that is still to end, nothing counts but that it is. */
function keyOf({ run, validations }: ValidatedRun): unknown {
  const { manifest, status, step } = run;
  if (isActive(status)) return [manifest.id, 'active'];
  return [manifest.id, status, step, validations.at(-1)?.metrics];
}
