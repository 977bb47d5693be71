/**
 * The weights of plain training on the union of the groups: wᵢ = sizeᵢ / Σ sizeⱼ.
 *
 * @param sizes examples in each group, positive, length k
 * @param weights length k; overwritten
 */
export function mean(sizes: Float64Array, weights: Float64Array): void {
  let total = 0;
  for (const size of sizes) total += size;
  for (let i = 0; i < weights.length; i++) weights[i] = sizes[i]! / total;
}
