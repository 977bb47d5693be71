import { maxLengthOf } from '../../config/data.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Question, TextDataset } from '../../data/dataset.ts';
import type { CheckpointConfig } from '../../hub/architecture/checkpointConfig.ts';
import type { Tokenizer } from '../../hub/tokenizer/tokenizer.ts';
import { maxTokens } from '../../nn/encoders/variants.ts';
import { formatPercent } from '../../runs/format.ts';

/** Maximum number of tokens that the network has positions for and that all its layers attend to. */
export function positionsIn(config: CheckpointConfig): number {
  if (config.kind === 'encoder') return maxTokens(config);
  return Math.min(config.maxPositions, config.slidingWindow ?? Number.POSITIVE_INFINITY);
}

/** What limits the number of tokens of an example. */
export interface TokenLimit {
  /** Infinite for a network without position embeddings. */
  readonly positions: number;
  /** Whether it is a sliding window, beyond which attention is not supported. */
  readonly isWindow: boolean;
}

export function tokenLimitOf(config: CheckpointConfig): TokenLimit {
  const positions = positionsIn(config);
  return { positions, isWindow: config.kind === 'decoder' && positions < config.maxPositions };
}

function limitIn({ positions, isWindow }: TokenLimit): string {
  return isWindow
    ? `${positions} tokens of its sliding_window, beyond which attention is not supported`
    : `${positions} positions`;
}

/**
 * Maximum number of tokens of an example: `data.maxLength`, or by default what the task and the network allow.
 *
 * @throws ConfigError if `data.maxLength` exceeds the network's positions, or if by default texts would be truncated to a sliding window
 */
export function maxExampleLength(parsed: ParsedConfig, limit: TokenLimit): number {
  const { positions, isWindow } = limit;
  const wanted = parsed.config.data.maxLength;
  const most = maxLengthOf(parsed.config);
  if (wanted === undefined && !isWindow) return Math.min(most, positions);
  if (most <= positions) return most;
  throw parsed.error(
    ['data', 'maxLength'],
    `${most} tokens are more than the network's ${limitIn(limit)}`,
    { expected: `at most ${positions}` },
  );
}

/** @throws ConfigError if a prompt with its answer may exceed the network's positions */
export function checkPrompts(
  parsed: ParsedConfig,
  questions: readonly Question[],
  limit: TokenLimit,
): void {
  if (questions.length === 0) return;
  const { maxNewTokens } = parsed.config.data;
  const longest = questions.reduce((most, { prompt }) => Math.max(most, prompt.length), 0);
  const available = limit.positions - longest;
  if (maxNewTokens <= available) return;
  const shorter = 'shorter prompts, by a lower data.maxLength';
  throw parsed.error(
    ['data', 'maxNewTokens'],
    `the longest validation prompt has ${longest} tokens, and ${maxNewTokens} more exceed the network's ${limitIn(limit)}`,
    { expected: available > 0 ? `at most ${available}, or ${shorter}` : shorter },
  );
}

/** A warning if training examples reach the maximum length, and so may be truncated. */
export function truncationWarnings({ lengths, count }: TextDataset, maxLength: number): string[] {
  const full = lengths.filter((length) => length >= maxLength).length;
  if (full === 0) return [];
  return [
    `${full} of ${count} training examples have ${maxLength} tokens, the maximum (data.maxLength): longer texts are truncated`,
  ];
}

/** Of a text in another language or script, nearly all is unknown. */
const MANY_UNKNOWN = 0.2;

/** A warning if many tokens of the training texts stand for text that the tokenizer does not know: it is the same for all such text. */
export function unknownTokenWarnings(
  { examples, questions }: TextDataset,
  { unkId }: Pick<Tokenizer, 'unkId'>,
): string[] {
  if (unkId === null || unkId === undefined) return [];
  let [tokens, unknown] = [0, 0];
  for (const ids of [...examples.map(({ ids }) => ids), ...questions.map(({ prompt }) => prompt)]) {
    tokens += ids.length;
    for (const id of ids) if (id === unkId) unknown++;
  }
  if (unknown < MANY_UNKNOWN * tokens || unknown === 0) return [];
  return [
    `${formatPercent(unknown / tokens)} of the tokens of the training texts are unknown to the tokenizer, which makes the same of them all: choose a model for this language or script`,
  ];
}

/**
 * Kernels look up embeddings without bounds checks.
 *
 * @throws ConfigError if the tokenizer gives token ids for which the network has no embedding
 */
export function checkTokenIds(
  parsed: ParsedConfig,
  datasets: readonly TextDataset[],
  { vocabSize }: { readonly vocabSize: number },
): void {
  for (const { examples, questions } of datasets) {
    const all = [...examples.map(({ ids }) => ids), ...questions.map(({ prompt }) => prompt)];
    const unknown = all.map((ids) => ids.find((id) => id < 0 || id >= vocabSize));
    const id = unknown.find((found) => found !== undefined);
    if (id === undefined) continue;
    throw parsed.error(
      ['model', 'from'],
      `the tokenizer gives token ${id}, but the network has embeddings for 0 to ${vocabSize - 1}`,
      { expected: 'a checkpoint whose tokenizer and network belong together' },
    );
  }
}

/** A warning if a file contains empty texts. @param file as named in the config */
export function emptyTextWarnings(
  file: string,
  dataset: Pick<TextDataset, 'emptyTexts'>,
): string[] {
  if (!dataset.emptyTexts) return [];
  const { count, first } = dataset.emptyTexts;
  return [
    `${file}: empty texts: ${count}, the first in ${first}; these examples are used with their other texts`,
  ];
}
