import type { Task } from './loss.ts';

/** Outputs of a network over a validation set: row-major n×m. */
export interface Outputs {
  readonly values: Float32Array;
  /** m: classes, or 1. */
  readonly width: number;
}

/**
 * classification: loss, accuracy, macroF1. regression: loss, rmse, mae, pearson. All in float64.
 * @param targets length n: class indices or values.
 */
export function measure(
  _task: Task,
  _outputs: Outputs,
  _targets: ArrayLike<number>,
): Record<string, number> {
  throw new Error('not written yet');
}
