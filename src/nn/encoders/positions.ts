import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { EncoderConfig } from '../../hub/architecture/checkpointConfig.ts';

/** Most tokens of an example. */
export function maxTokens(config: EncoderConfig): number {
  return config.maxPositions - firstPosition(config);
}

/** Row of the table of positions for each token. */
export function positionIds(
  config: EncoderConfig,
  { ids, length, lengths }: TokenBatch,
): Int32Array {
  const first = firstPosition(config);
  return ids.map((_, at) => {
    const position = at % length;
    const isPadding = position >= lengths[Math.floor(at / length)]!;
    return isPadding && config.modelType === 'roberta' ? config.padId : first + position;
  });
}

/** RoBERTa leaves the rows up to that of padding unused, as fairseq did. */
function firstPosition({ modelType, padId }: EncoderConfig): number {
  return modelType === 'roberta' ? padId + 1 : 0;
}
