import type { ClassCounts, LossShape } from '../../config/techniques/description.ts';
import { lossShapeOf } from '../../config/techniques/registry.ts';
import type { Data } from '../../data/dataset.ts';
import type { AggregationSettings } from '../../engine/types.ts';

/** The loss that the techniques of a run make of its training examples; `null` if it is the plain one. */
export function trainingLoss(
  { techniques = {} }: Pick<AggregationSettings, 'techniques'>,
  data: Pick<Data, 'classes' | 'train'>,
): LossShape | null {
  return lossShapeOf(techniques, classCounts(data));
}

function classCounts({ classes, train }: Pick<Data, 'classes' | 'train'>): ClassCounts {
  const counts = new Array<number>(classes.length).fill(0);
  if (classes.length > 0) for (const target of train.targets) counts[target]!++;
  return { names: classes, counts };
}
