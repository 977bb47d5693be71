import { maxLengthOf } from '../../config/data.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Question, TextDataset } from '../../data/dataset.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import { maxTokens } from '../../nn/encoders/positions.ts';

/** Most tokens of a text that the network has positions for. */
export function positionsIn(config: CheckpointConfig): number {
  return config.kind === 'encoder' ? maxTokens(config) : config.maxPositions;
}

/**
 * Tokens that an example may have: `data.maxLength`, or without it as many as are usual and the network has positions for.
 *
 * @throws ConfigError where more is asked for than the network has positions for
 */
export function maxExampleLength(parsed: ParsedConfig, config: CheckpointConfig): number {
  const positions = positionsIn(config);
  const asked = parsed.config.data.maxLength;
  if (asked === undefined) return Math.min(maxLengthOf(parsed.config), positions);
  if (asked <= positions) return asked;
  throw parsed.error(
    ['data', 'maxLength'],
    `${asked} tokens are more than the ${positions} that the network has positions for`,
    { expected: `at most ${positions}` },
  );
}

/** @throws ConfigError if a prompt and its answer may be more tokens than the network has positions for */
export function checkPrompts(
  parsed: ParsedConfig,
  questions: readonly Question[],
  config: CheckpointConfig,
): void {
  if (questions.length === 0) return;
  const { maxNewTokens } = parsed.config.data;
  const longest = questions.reduce((most, { prompt }) => Math.max(most, prompt.length), 0);
  const positions = positionsIn(config);
  const room = positions - longest;
  if (maxNewTokens <= room) return;
  const shorter = 'shorter prompts, by a lower data.maxLength';
  throw parsed.error(
    ['data', 'maxNewTokens'],
    `a validation prompt has ${longest} tokens, and ${maxNewTokens} more are beyond the ${positions} that the network has positions for`,
    { expected: room > 0 ? `at most ${room}, or ${shorter}` : shorter },
  );
}

/** What is to be said of examples that fill all the tokens they may have: texts that are longer were cut. */
export function truncationWarnings({ lengths, count }: TextDataset, maxLength: number): string[] {
  const full = lengths.filter((length) => length >= maxLength).length;
  if (full === 0) return [];
  return [
    `${full} of ${count} training examples fill all the ${maxLength} tokens they may have (data.maxLength): of longer texts the rest is not seen`,
  ];
}

/**
 * Kernels look tokens up without asking whether they are there.
 *
 * @throws ConfigError if the tokenizer makes tokens that the network has no row for
 */
export function checkTokenIds(
  parsed: ParsedConfig,
  datasets: readonly TextDataset[],
  { vocabulary }: Pick<CheckpointConfig, 'vocabulary'>,
): void {
  for (const { examples, questions } of datasets) {
    const all = [...examples.map(({ ids }) => ids), ...questions.map(({ prompt }) => prompt)];
    const strange = all.map((ids) => ids.find((id) => id < 0 || id >= vocabulary));
    const id = strange.find((found) => found !== undefined);
    if (id === undefined) continue;
    throw parsed.error(
      ['model', 'from'],
      `the tokenizer makes token ${id} of the data, but the network has rows for 0 to ${vocabulary - 1}`,
      { expected: 'a checkpoint whose tokenizer and network belong together' },
    );
  }
}

/** What is to be said of texts that a file has nothing for. @param file as the config names it */
export function emptyTextWarnings(
  file: string,
  dataset: Pick<TextDataset, 'emptyTexts'>,
): string[] {
  if (!dataset.emptyTexts) return [];
  const { count, first } = dataset.emptyTexts;
  return [
    `${file}: empty texts: ${count}, the first in ${first}; their examples are used with what the other texts say`,
  ];
}
