import type { Config } from '../../experiment/config.ts';
import type { TextData } from '../data/dataset.ts';
import type { CheckpointConfig } from '../huggingface/config.ts';
import type { Task } from '../loss.ts';

/** What transformers calls classes that nobody named. */
const UNNAMED = /^LABEL_\d+$/;

/**
 * Whether a saved head is trained on: where nothing is said, if it has as many outputs as the task needs, for classes of the
 * same names in the same order, or without names.
 *
 * @param wanted `model.head`
 */
export function keepsHead(
  { classes }: Pick<CheckpointConfig, 'classes'>,
  task: Task,
  data: Pick<TextData, 'classes'>,
  wanted: Config['model']['head'],
): boolean {
  if (wanted) return wanted === 'keep';
  if (task === 'regression') return classes?.length === 1;
  return (
    classes?.length === data.classes.length &&
    classes.every((name, i) => UNNAMED.test(name) || name === data.classes[i])
  );
}
