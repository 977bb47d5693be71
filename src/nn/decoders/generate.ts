import * as tf from '@tensorflow/tfjs-core';
import type { Operations } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import { KeyValueCache } from '../module/keyValueCache.ts';
import { ModelError } from '../module/model.ts';
import type { Pass } from '../module/pass.ts';
import type { OnProgress } from '../module/progress.ts';
import { TensorScope } from '../module/tensorScope.ts';
import type { CausalNetwork } from './build.ts';

export interface GenerateOptions {
  /** Tokens generated for each text, at most. */
  readonly maxNewTokens: number;
  /** A text ends with the first of these. */
  readonly endIds: readonly number[];
  /** Called after each token; a finished text counts fully. */
  readonly onProgress?: OnProgress;
}

/**
 * Greedy decoding: continues each text with the most likely token. A KV cache saves recomputing earlier tokens; finished texts
 * leave the batch.
 *
 * @param prompts token ids, at least one each
 * @returns new tokens of each, with the one that ends it
 * @throws ModelError if a text has no tokens, or would have more than `maxTokens`
 */
export async function generate(
  operations: Operations,
  network: CausalNetwork,
  prompts: readonly ArrayLike<number>[],
  maxTokens: number,
  { maxNewTokens, endIds, onProgress }: GenerateOptions,
): Promise<number[][]> {
  const longest = checkedLength(prompts, maxTokens - maxNewTokens, maxNewTokens);
  const written = prompts.map((): number[] => []);
  const cache = new KeyValueCache(prompts.map((prompt) => longest - prompt.length));
  try {
    let active = [...prompts.keys()];
    let ids = prompts.flatMap((prompt) => padded(prompt, longest));
    for (let step = 0; step < maxNewTokens && active.length > 0; step++) {
      const next = await nextTokens(operations, network, cache, ids, active.length);
      active.forEach((text, i) => {
        written[text]!.push(next[i]!);
      });
      const remaining = [...active.keys()].filter((i) => !endIds.includes(next[i]!));
      if (remaining.length < active.length) cache.select(remaining);
      active = remaining.map((i) => active[i]!);
      ids = remaining.map((i) => next[i]!);
      const ended = prompts.length - active.length;
      const whole = ended + (active.length * (step + 1)) / maxNewTokens;
      await onProgress?.(whole / prompts.length);
    }
    return written;
  } finally {
    cache.dispose();
  }
}

function checkedLength(
  prompts: readonly ArrayLike<number>[],
  most: number,
  maxNewTokens: number,
): number {
  let longest = 0;
  for (const { length } of prompts) {
    if (length === 0) throw new ModelError('a text without tokens cannot be continued');
    longest = Math.max(longest, length);
  }
  if (longest <= most) return longest;
  throw new ModelError(
    `a text has ${longest} tokens and may get ${maxNewTokens} more, but the network has ${most + maxNewTokens} positions: shorten the text or generate fewer tokens`,
  );
}

/** Left padding, so that all texts continue at one index; its id does not matter. */
function padded(prompt: ArrayLike<number>, length: number): number[] {
  return [...new Array<number>(length - prompt.length).fill(0), ...Array.from(prompt)];
}

/** @param ids of the tokens not yet in the cache, one text after another */
async function nextTokens(
  operations: Operations,
  { stack, head }: CausalNetwork,
  cache: KeyValueCache,
  ids: readonly number[],
  texts: number,
): Promise<ArrayLike<number>> {
  const length = ids.length / texts;
  const scope = new TensorScope();
  try {
    const { y } = stack.forward(passOf(operations, cache, scope, ids, texts));
    const likeliest = scope.tidy(() => {
      const last = Int32Array.from({ length: texts }, (_, text) => (text + 1) * length - 1);
      const rows = operations.gather(y, tf.tensor1d(last, 'int32'));
      return tf.argMax(operations.linear(rows, head.value, null, 'out-in'), 1);
    });
    return await likeliest.data();
  } finally {
    scope.dispose();
  }
}

function passOf(
  operations: Operations,
  cache: KeyValueCache,
  scope: TensorScope,
  ids: readonly number[],
  texts: number,
): Pass {
  const length = ids.length / texts;
  const mask = scope.add(cache.advance(length));
  const tokens: TokenBatch = {
    batchSize: texts,
    length,
    ids: Int32Array.from(ids),
    typeIds: new Int32Array(ids.length),
    lengths: new Int32Array(texts).fill(length),
    exampleBounds: [0, texts],
  };
  const bounds = [0, ids.length];
  return { operations, tokens, bounds, mask, dropout: null, sink: null, scope, cache };
}
