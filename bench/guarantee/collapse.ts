/** Groups by label, where the class that is fitted first takes the weight of the shortest vector. */
import { mean, median } from 'simple-statistics';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import { unpackGram } from '../../src/engine/gram.ts';
import { table } from '../../src/experiment/markdown.ts';
import type { StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import { npmQuadprog } from '../peers/npmQuadprog.ts';
import { jobOf, type Optimizer, runsOf, stepsOf } from './causes.ts';

/** Under the linear schedule. */
const compared: readonly (readonly [aggregator: string, optimizer: Optimizer])[] = [
  ['mean', 'sgd'],
  ['grain', 'sgd'],
  ['mean', 'adamw'],
  ['grain', 'adamw'],
  ['grain-normalized', 'adamw'],
];

function jobWith(aggregator: string, optimizer: Optimizer) {
  return jobOf('label', aggregator, [optimizer, 'linear', '']);
}

/** How the runs end: medians over the second half of the steps of all seeds. */
export async function collapseTable(): Promise<string> {
  const header = ['aggregator, optimizer', 'seeds', 'accuracy'];
  const rows = [[...header, 'largest weight', '‖d‖/‖ḡ‖', 'conflict']];
  for (const [aggregator, optimizer] of compared) {
    const job = jobWith(aggregator, optimizer);
    const runs = await runsOf(job);
    const steps = (await stepsOf(job)).flatMap((all) => all.slice(all.length / 2));
    const diagnoses = steps.map((step) => diagnoseStep(factsOf(step)));
    rows.push([
      `${aggregator}, ${optimizer}`,
      String(runs.length),
      mean(runs.map(({ lastMetric }) => lastMetric!.value)).toFixed(3),
      median(steps.map((step) => Math.max(...shares(step)))).toFixed(3),
      median(diagnoses.map(({ normRatio }) => normRatio!)).toFixed(3),
      `${(100 * mean(diagnoses.map(({ updateConflictsWith }) => (updateConflictsWith!.length > 0 ? 1 : 0)))).toFixed(0)} %`,
    ]);
  }
  return table(rows, 1);
}

/** One sentence: how far `grain`'s weights are from those of quadprog, an independent solver. */
export async function solverCheck(): Promise<string> {
  const runs = await Promise.all([
    stepsOf(jobWith('grain', 'sgd')),
    stepsOf(jobWith('grain', 'adamw')),
  ]);
  const differences = runs.flat(2).map(({ groups, gram, weights }) => {
    const products = unpackGram(gram!, groups.length);
    const longest = Math.max(...products);
    // In units of the longest gradient: quadprog has absolute tolerances.
    const other = npmQuadprog(products.map((product) => product / longest));
    return Math.max(...other.map((weight, i) => Math.abs(weight - weights![i]!)));
  });
  const most = Math.max(...differences).toExponential(0);
  return `The weights are right: over all ${differences.length} steps of the two runs of \`grain\`, none differs from that of an independent solver (quadprog) by more than ${most}.`;
}

/** Each class's share in Σ wᵢ and its loss, over the steps of the first seed. */
export async function classCurves(
  aggregator: string,
  optimizer: Optimizer,
): Promise<{ readonly weights: readonly number[][]; readonly losses: readonly number[][] }> {
  const [steps] = await stepsOf(jobWith(aggregator, optimizer));
  const names = [...new Set(steps!.flatMap(({ groups }) => groups))].sort((a, b) => a - b);
  const curve = (values: (step: StepEvent) => readonly (number | null)[]) =>
    names.map((group) =>
      steps!.map((step) => {
        const at = step.groups.indexOf(group);
        return at < 0 ? Number.NaN : (values(step)[at] ?? Number.NaN);
      }),
    );
  return { weights: curve(shares), losses: curve(({ losses }) => losses) };
}

function shares({ weights }: StepEvent): number[] {
  const total = weights!.reduce((sum, weight) => sum + weight, 0);
  return weights!.map((weight) => weight / total);
}
