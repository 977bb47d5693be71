/** Columns of a block: with k = 16 groups a block of float64 fills half of a 1 MB L2 cache. */
const BLOCK = 4096;

/**
 * Gram matrix H = GGᵀ of k gradients of equal length d, in squared gradient units.
 *
 * Products of float32 numbers are exact in float64, and partial sums over blocks of columns are added up separately, so the
 * error of an entry is at most about (BLOCK + d/BLOCK)·2⁻⁵³·‖gᵢ‖‖gⱼ‖ rather than d·2⁻⁵³·‖gᵢ‖‖gⱼ‖. Each gradient is read from
 * memory once for all of its k products.
 *
 * @param gradients k rows of length d; for many float32 in shared memory there are kernels ({@link SharedKernels})
 * @returns k×k row-major, exactly symmetric
 * @throws RangeError if the lengths differ
 */
export function gramOf(gradients: readonly (Float32Array | Float64Array)[]): Float64Array {
  const k = gradients.length;
  const d = gradients[0]?.length ?? 0;
  for (const [i, gradient] of gradients.entries()) {
    if (gradient.length !== d) {
      throw new RangeError(`gradient ${i} has ${gradient.length} entries, gradient 0 has ${d}`);
    }
  }
  const gram = new Float64Array(k * k);
  // An even number of rows lets the kernel work in pairs; an extra row stays zero.
  const block = new Float64Array((k + (k % 2)) * BLOCK);
  for (let from = 0; from < d; from += BLOCK) {
    const length = Math.min(BLOCK, d - from);
    for (let i = 0; i < k; i++) {
      block.set(gradients[i]!.subarray(from, from + length), i * BLOCK);
    }
    addUpperProducts(block, k, length, gram);
  }
  mirrorUpper(gram, k);
  return gram;
}

/** Copies the entries above the diagonal below it. */
export function mirrorUpper(gram: Float64Array, k: number): void {
  for (let i = 1; i < k; i++) {
    for (let j = 0; j < i; j++) gram[i * k + j] = gram[j * k + i]!;
  }
}

/** Adds to `gram`, for i ≤ j, the products of the block's rows i and j: two rows by two at a time, four sums in flight. */
function addUpperProducts(
  block: Float64Array,
  k: number,
  length: number,
  gram: Float64Array,
): void {
  for (let i = 0; i < k; i += 2) {
    for (let j = i; j < k; j += 2) {
      const a0 = i * BLOCK;
      const a1 = a0 + BLOCK;
      const b0 = j * BLOCK;
      const b1 = b0 + BLOCK;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let x = 0; x < length; x++) {
        const p0 = block[a0 + x]!;
        const p1 = block[a1 + x]!;
        const q0 = block[b0 + x]!;
        const q1 = block[b1 + x]!;
        s00 += p0 * q0;
        s01 += p0 * q1;
        s10 += p1 * q0;
        s11 += p1 * q1;
      }
      const moreRows = i + 1 < k;
      const moreColumns = j + 1 < k;
      gram[i * k + j]! += s00;
      if (moreColumns) gram[i * k + j + 1]! += s01;
      if (moreRows && j > i) gram[(i + 1) * k + j]! += s10;
      if (moreRows && moreColumns) gram[(i + 1) * k + j + 1]! += s11;
    }
  }
}

/** The rows and columns of some groups, in the given order; n×n row-major. */
export function submatrix(gram: Float64Array, k: number, indices: readonly number[]): Float64Array {
  const n = indices.length;
  const part = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) part[i * n + j] = gram[indices[i]! * k + indices[j]!]!;
  }
  return part;
}

/** Norms ‖gᵢ‖ and cosines of a Gram matrix with a positive diagonal; the cosines k×k row-major, exactly symmetric. */
export function cosinesOf(
  gram: Float64Array,
  k: number,
): { norms: Float64Array; cosines: Float64Array } {
  const norms = Float64Array.from({ length: k }, (_, i) => Math.sqrt(gram[i * k + i]!));
  const cosines = gram.map((entry, at) => entry / (norms[Math.floor(at / k)]! * norms[at % k]!));
  return { norms, cosines };
}

/** Upper triangle of a k×k matrix, row by row: H₀₀ H₀₁ … H₁₁ …; length k(k+1)/2. */
export function packGram(gram: ArrayLike<number>, k: number): number[] {
  const packed: number[] = [];
  for (let i = 0; i < k; i++) {
    for (let j = i; j < k; j++) packed.push(gram[i * k + j]!);
  }
  return packed;
}

/**
 * The symmetric k×k matrix of which `packGram` gave the upper triangle; `null` (how JSON carries a number that was not
 * finite) becomes NaN.
 *
 * @throws RangeError if `packed` does not have k(k+1)/2 entries
 */
export function unpackGram(packed: readonly (number | null)[], k: number): Float64Array {
  if (packed.length !== (k * (k + 1)) / 2) {
    throw new RangeError(
      `${packed.length} entries are not the upper triangle of a ${k}×${k} matrix`,
    );
  }
  const gram = new Float64Array(k * k);
  let next = 0;
  for (let i = 0; i < k; i++) {
    for (let j = i; j < k; j++) {
      const entry = packed[next++] ?? Number.NaN;
      gram[i * k + j] = entry;
      gram[j * k + i] = entry;
    }
  }
  return gram;
}
