import { type Cost, type CostRatio, CostTally, costRatio, meanRunFor } from '../runs/cost.ts';
import type { RunSummary } from '../runs/store.ts';
import { readEvents } from '../runs/tail.ts';
import { figure } from './output.ts';

/** The cost of a run's steps, also relative to the run that uses the mean. */
interface ShownCost extends Cost {
  /** Null where there is no such run. */
  readonly againstMean: (CostRatio & { readonly run: string }) | null;
}

/** Null before the first step. */
export async function costOf(
  run: RunSummary,
  runs: readonly RunSummary[],
): Promise<ShownCost | null> {
  const cost = await ownCost(run);
  const meanRun = meanRunFor(run, runs);
  const than = meanRun && (await ownCost(meanRun));
  if (!cost) return null;
  const againstMean = than ? { ...costRatio(cost, than), run: meanRun.manifest.id } : null;
  return { ...cost, againstMean };
}

async function ownCost({ folder }: RunSummary): Promise<Cost | null> {
  const tally = new CostTally();
  for (const event of await readEvents(folder)) {
    if (event.kind === 'step') tally.add(event);
  }
  return tally.cost;
}

/** As rows of a table. */
export function costRows(cost: ShownCost | null): string[][] {
  if (!cost) return [];
  const { steps, stepTime, aggregationShare, tensors, resident, againstMean } = cost;
  const than = (ratio: number | null | undefined) =>
    ratio ? `, ${figure(ratio)} × the mean's` : '';
  const rows = [
    `${figure(stepTime)} ms a step${than(againstMean?.time)}; ${figure(100 * aggregationShare)} % of it aggregation (medians of ${steps} steps)`,
    tensors !== null && `${mebibytes(tensors)} of tensors at most${than(againstMean?.tensors)}`,
    resident !== null && `${mebibytes(resident)} resident in the process at most`,
  ].filter((row) => row !== false);
  return rows.map((text, i) => [i === 0 ? 'cost' : '', text]);
}

function mebibytes(bytes: number): string {
  return `${figure(bytes / 2 ** 20)} MiB`;
}
