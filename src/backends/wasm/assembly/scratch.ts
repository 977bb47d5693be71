import { attentionBytes } from './attention';
import { CONSTANT_BYTES } from './constants';
import { productBytes } from './product';

/** Bytes of scratch that a thread needs. */
export function scratchBytes(): usize {
  return CONSTANT_BYTES + productBytes() + attentionBytes();
}
