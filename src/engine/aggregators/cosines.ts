/** Norms ‖gᵢ‖ and cosines of a Gram matrix with a positive diagonal; the cosines k×k row-major, exactly symmetric. */
export function cosinesOf(
  gram: Float64Array,
  k: number,
): { norms: Float64Array; cosines: Float64Array } {
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  const cosines = gram.map((entry, at) => entry / (norms[Math.floor(at / k)]! * norms[at % k]!));
  return { norms, cosines };
}
