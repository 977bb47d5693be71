import type { TokenBatch } from '../../data/tokenBatch.ts';
import { ModelError } from './model.ts';

/**
 * @param most tokens of an example
 * @throws ModelError if the examples have more
 */
export function checkLength({ length }: Pick<TokenBatch, 'length'>, most: number): void {
  if (length <= most) return;
  throw new ModelError(
    `an example has ${length} tokens, but the network has positions for ${most}: cut texts to that`,
  );
}
