import { ActiveCholesky } from './activeCholesky.ts';

/** Rows of M are as long as 1 to √2; a group whose squared distance to the span of k others is below k times this depends on them. */
const INDEPENDENCE = 1e-15;

/**
 * The support S of {@link MinNormSolver}: the groups that carry weight, their unscaled weights v, and the Cholesky factor of M on
 * them. Groups enter with v = 0, and leave when a step towards the solution on the support makes their weight zero.
 */
export class Support {
  /** The groups in S, in the order of the factor's rows; the first `size` entries count. */
  readonly groups: Int32Array;
  /** v on the support, feasible. */
  readonly v: Float64Array;
  /** The solution on the support regardless of signs; scratch between solutions. */
  readonly z: Float64Array;
  /** Groups about to enter. */
  readonly queue: Int32Array;
  /** 1/nᵢ and cᵢ of the problem. */
  readonly inverse: Float64Array;
  readonly c: Float64Array;
  #gram: Float64Array = new Float64Array(0);
  #k = 0;
  /** minⱼ nⱼ². */
  #least = 0;
  #anchor = -1;
  readonly #isActive: Uint8Array;
  /** The best support so far and v there. */
  readonly #savedGroups: Int32Array;
  readonly #savedV: Float64Array;
  #savedSize = 0;
  readonly #factor: ActiveCholesky;

  constructor(capacity: number) {
    this.groups = new Int32Array(capacity);
    this.v = new Float64Array(capacity);
    this.z = new Float64Array(capacity);
    this.queue = new Int32Array(capacity);
    this.inverse = new Float64Array(capacity);
    this.c = new Float64Array(capacity);
    this.#isActive = new Uint8Array(capacity);
    this.#savedGroups = new Int32Array(capacity);
    this.#savedV = new Float64Array(capacity);
    this.#factor = new ActiveCholesky(capacity, INDEPENDENCE);
  }

  get size(): number {
    return this.#factor.size;
  }

  has(i: number): boolean {
    return this.#isActive[i] === 1;
  }

  /**
   * Takes a problem, with no group in the support.
   *
   * @param gram H, k×k row-major
   * @param anchor the group a whose weight is held at 1, or −1
   * @returns the group to begin with: the shortest or the anchor
   */
  reset(gram: Float64Array, k: number, anchor: number): number {
    this.#gram = gram;
    this.#k = k;
    this.#anchor = anchor;
    this.#isActive.fill(0, 0, k);
    this.#factor.clear(k);
    const { c, inverse } = this;
    let shortest = 0;
    for (let i = 0; i < k; i++) {
      inverse[i] = 1 / Math.sqrt(gram[i * k + i]!);
      if (inverse[i]! > inverse[shortest]!) shortest = i;
    }
    const length = 1 / inverse[shortest]!;
    this.#least = length * length;
    for (let i = 0; i < k; i++) c[i] = length * inverse[i]!;
    if (this.#anchor < 0) return shortest;
    this.#least = 0;
    c.fill(0, 0, k)[this.#anchor] = 1;
    return this.#anchor;
  }

  /** Queues the numbers that name groups, each once; returns how many. */
  queueValid(numbers: ArrayLike<number>): number {
    let count = 0;
    for (let at = 0; at < numbers.length; at++) {
      const i = numbers[at]!;
      // −1 and 1.5 find no entry.
      if (this.#isActive[i] !== 0 || i >= this.#k) continue;
      this.#isActive[i] = 1;
      this.queue[count++] = i;
    }
    for (let at = 0; at < count; at++) this.#isActive[this.queue[at]!] = 0;
    return count;
  }

  /** Appends group m to the support with v = 0; false if it depends on the groups there. */
  enter(m: number): boolean {
    this.queue[0] = m;
    return this.enterQueued(0, 1) === 1;
  }

  /** Makes group m, the first to enter, the whole support. */
  enterAlone(m: number): void {
    this.enter(m);
    this.v[0] = 1;
  }

  /**
   * Appends the groups of the queue from `next` to `end` to the support with v = 0, up to the first that depends on it.
   *
   * @returns the place of that group in the queue, or `end`
   */
  enterQueued(next: number, end: number): number {
    for (let at = next; at < end; at++) {
      const m = this.queue[at]!;
      this.#offer(m);
      if (!this.#factor.append()) return at;
      this.#isActive[m] = 1;
      this.v[this.#factor.size - 1] = 0;
    }
    return end;
  }

  /** Writes group m's row of M, Mᵢₘ = (Hᵢₘ + minⱼ nⱼ²)/(nᵢnₘ), and its entry of c after the factor's last row. */
  #offer(m: number): void {
    const { rows, y, stride, size: p } = this.#factor;
    const support = this.groups;
    const inverse = this.inverse;
    const gram = this.#gram;
    const least = this.#least;
    const from = m * this.#k;
    const to = p * stride;
    const inverseM = inverse[m]!;
    const cm = this.c[m]!;
    for (let q = 0; q < p; q++) {
      const i = support[q]!;
      rows[to + q] = (gram[from + i]! + least) * inverse[i]! * inverseM;
    }
    rows[to + p] = 1 + cm * cm;
    y[p] = cm;
    support[p] = m;
  }

  /**
   * Group m depends on the support to within rounding, m ≈ Σ βᵢ·i, and yet shortens d: nearly parallel groups. Moves weight
   * from the support to m along β, which hardly changes d, until one group is empty and leaves; again, until m no longer depends on
   * the rest and enters with the weight moved. False if there is no weight to move; the support is then to be restored.
   */
  exchange(m: number): boolean {
    const v = this.v;
    const beta = this.z;
    let moved = 0;
    do {
      this.#factor.expressRefused(beta);
      const s = this.#factor.size;
      let leaving = -1;
      let step = Number.POSITIVE_INFINITY;
      for (let p = 0; p < s; p++) {
        if (this.groups[p] === this.#anchor) continue;
        if (beta[p]! > 0 && v[p]! < step * beta[p]!) {
          step = v[p]! / beta[p]!;
          leaving = p;
        }
      }
      if (leaving < 0) return false;
      for (let p = 0; p < s; p++) v[p] = Math.max(0, v[p]! - step * beta[p]!);
      moved += step;
      this.#leave(leaving);
    } while (!this.enter(m));
    v[this.#factor.size - 1] = moved;
    return true;
  }

  /** Moves from v to the solution on the support, dropping groups whose weight reaches zero on the way. */
  descend(): void {
    const v = this.v;
    const z = this.z;
    for (;;) {
      const s = this.#factor.size;
      this.#solveOnSupport();
      let step = 1;
      let blocking = -1;
      for (let p = 0; p < s; p++) {
        if (z[p]! > 0) continue;
        const ratio = v[p]! / (v[p]! - z[p]!);
        if (blocking < 0 || ratio < step) {
          step = ratio;
          blocking = p;
        }
      }
      if (blocking < 0) {
        for (let p = 0; p < s; p++) v[p] = z[p]!;
        return;
      }
      for (let p = 0; p < s; p++) v[p]! += step * (z[p]! - v[p]!);
      v[blocking] = 0;
      for (let p = s - 1; p >= 0; p--) {
        if (!(v[p]! > 0) && !(z[p]! > 0)) this.#leave(p);
      }
    }
  }

  /** Goes to the solution on the support, dropping groups without positive weight until none is left. */
  dropUnweighted(): void {
    let size: number;
    do {
      size = this.#factor.size;
      this.#solveOnSupport();
      for (let p = 0; p < size; p++) this.v[p] = this.z[p]!;
      for (let p = size - 1; p >= 0; p--) if (!(this.v[p]! > 0)) this.#leave(p);
    } while (this.#factor.size < size);
  }

  /** z = M⁻¹c / cᵀM⁻¹c. */
  #solveOnSupport(): void {
    const z = this.z;
    this.#factor.solve(z);
    let scale = 0;
    for (let p = 0; p < this.#factor.size; p++) scale += this.c[this.groups[p]!]! * z[p]!;
    for (let p = 0; p < this.#factor.size; p++) z[p]! /= scale;
  }

  #leave(p: number): void {
    const support = this.groups;
    const v = this.v;
    this.#isActive[support[p]!] = 0;
    this.#factor.delete(p);
    for (let q = p; q < this.#factor.size; q++) {
      support[q] = support[q + 1]!;
      v[q] = v[q + 1]!;
    }
  }

  /** Removes the groups that entered last, so that `size` remain. */
  truncate(size: number): void {
    for (let p = size; p < this.size; p++) this.#isActive[this.groups[p]!] = 0;
    this.#factor.size = size;
  }

  /** Remembers the support and v for {@link restore} and {@link writeWeights}. */
  save(): void {
    this.#savedSize = this.#factor.size;
    for (let p = 0; p < this.#savedSize; p++) {
      this.#savedGroups[p] = this.groups[p]!;
      this.#savedV[p] = this.v[p]!;
    }
  }

  /** Returns to the saved support and rebuilds its factor; false if rounding prevents it. */
  restore(): boolean {
    this.#isActive.fill(0);
    this.#factor.clear(this.#k);
    const size = this.#savedSize;
    for (let p = 0; p < size; p++) this.queue[p] = this.#savedGroups[p]!;
    if (this.enterQueued(0, size) < size) return false;
    for (let p = 0; p < size; p++) this.v[p] = this.#savedV[p]!;
    return true;
  }

  /** w of the saved support: wᵢ = cᵢvᵢ / Σ cⱼvⱼ, or with the anchor's weight 1. */
  writeWeights(weights: Float64Array): void {
    weights.fill(0);
    let sum = 0;
    for (let p = 0; p < this.#savedSize; p++) {
      const i = this.#savedGroups[p]!;
      weights[i] = this.inverse[i]! * this.#savedV[p]!;
      sum += weights[i]!;
    }
    if (this.#anchor >= 0) sum = weights[this.#anchor]!;
    for (let i = 0; i < weights.length; i++) weights[i]! /= sum;
  }
}
