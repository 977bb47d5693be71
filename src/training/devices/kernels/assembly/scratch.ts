import { attentionBytes } from './attention';
import { productBytes } from './product';

/** Bytes of scratch that a thread needs. */
export function scratchBytes(): usize {
  return productBytes() + attentionBytes();
}
