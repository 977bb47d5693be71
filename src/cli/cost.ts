import { type Cost, type CostRatio, costRatio } from '../runs/cost.ts';
import { figure } from './output.ts';

/** The cost of a run's steps, also relative to the run that uses the mean. */
interface ShownCost extends Cost {
  /** Null where there is no such run. */
  readonly againstMean: (CostRatio & { readonly run: string }) | null;
}

/** @param mean of the run that uses the mean, if there is one; costs are null before the first step */
export function shownCost(
  cost: Cost | null,
  mean: { readonly run: string; readonly cost: Cost | null } | null,
): ShownCost | null {
  if (!cost) return null;
  return {
    ...cost,
    againstMean: mean?.cost ? { ...costRatio(cost, mean.cost), run: mean.run } : null,
  };
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
