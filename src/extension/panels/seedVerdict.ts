import { crossedMatrices } from '../../experiment/crossedFindings.ts';
import { evidenceOf, firstPredictions } from '../../experiment/evidence.ts';
import type { Findings, MethodFigures } from '../../experiment/findings.ts';
import { methodTable } from '../../experiment/report/methodTable.ts';
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
    this.#key = key;
    this.#verdict = seedVerdictOf(findings);
    return this.#verdict;
  }
}

export function seedVerdictOf(findings: Findings): SeedVerdict {
  const { runs, methods, better } = findings;
  return {
    ...verdictOf(findings),
    results: runs
      .filter(({ counts }) => counts)
      .map(({ method, seed, value, failed }) => ({ aggregator: method, seed, value, failed })),
    table: methodTable({ ...findings, methods: ranked(methods, better) }),
    crossed: crossedMatrices(findings.crossed),
  };
}

/** Best mean first, those without a value last; in launch order if it is unknown which values are better. */
function ranked(
  methods: readonly MethodFigures[],
  better: Findings['better'],
): readonly MethodFigures[] {
  if (better === null) return methods;
  const worst = better === 'higher' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const levelOf = ({ figures }: MethodFigures) => figures?.mean ?? worst;
  return methods.toSorted((a, b) => {
    const [one, other] = [levelOf(a), levelOf(b)];
    if (one === other) return 0;
    return one < other === (better === 'lower') ? -1 : 1;
  });
}

/** Of a run that is still to end, nothing counts but that it is. */
function keyOf({ run, validations }: ValidatedRun): unknown {
  const { manifest, status, step } = run;
  if (isActive(status)) return [manifest.id, 'active'];
  return [manifest.id, status, step, validations.at(-1)?.metrics];
}
