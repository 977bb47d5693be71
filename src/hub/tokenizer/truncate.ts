/**
 * Lengths that two texts are cut to, so that they have at most `most` tokens together: the longer one loses tokens until
 * both are equally long, then both do ("longest_first" as the `tokenizers` library does it: of an odd `most` the text
 * that was the longer one gets the token left over, the second one if they were equal).
 */
export function longestFirst(
  first: number,
  second: number,
  most: number,
): readonly [first: number, second: number] {
  if (first + second <= most) return [first, second];
  const half = Math.floor(most / 2);
  const shorter = Math.min(first, second, half);
  const longer = most - shorter;
  return first > second ? [longer, shorter] : [shorter, longer];
}
