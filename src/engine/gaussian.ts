/** Standard normal numbers, from uniform ones in [0, 1) (Box & Muller 1958). */
export function gaussian(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
