import type { Request } from '../../config/request.ts';
import type { TextDataset } from '../../data/dataset.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';

/**
 * Kernels look tokens up without asking whether they are there.
 *
 * @throws ConfigError if the tokenizer makes tokens that the network has no row for
 */
export function checkIds(
  request: Request,
  datasets: readonly TextDataset[],
  { vocabulary }: Pick<CheckpointConfig, 'vocabulary'>,
): void {
  for (const { examples, questions } of datasets) {
    const all = [...examples.map(({ ids }) => ids), ...questions.map(({ prompt }) => prompt)];
    const strange = all.map((ids) => ids.find((id) => id < 0 || id >= vocabulary));
    const id = strange.find((found) => found !== undefined);
    if (id === undefined) continue;
    throw request.problem(
      ['model', 'from'],
      `the tokenizer makes token ${id} of the data, but the network has rows for 0 to ${vocabulary - 1}`,
      { expected: 'a checkpoint whose tokenizer and network belong together' },
    );
  }
}
