import { UNIT_ROUNDOFF } from '../rounding.ts';
import { combineRows } from '../rows.ts';
import { ActiveCholesky } from './activeCholesky.ts';

/** A group enters while ⟨d, gᵢ⟩ < (1 − TOLERANCE)·‖d‖². */
const TOLERANCE = 1e-12;

/** Rows of M are as long as 1 to √2; a group whose squared distance to the span of k others is below k times this depends on them. */
const INDEPENDENCE = 1e-15;

/**
 * Company of the group that d serves worst, entering with it: groups with at least this share of its violation. As many as
 * a quarter of the support, or the least number if that is more, for most of more would have to leave again. But all if they
 * are nearly all groups and independent: gradients of a high dimension are nearly orthogonal, and there none leaves.
 */
const COMPANY = { violation: 0.5, growth: 0.25, least: 8, nearlyAll: 0.75 };

/**
 * Exact point of least norm in the convex hull of the gradients: w* = argmin wᵀHw over the simplex.
 *
 * Method: the active set of Lawson & Hanson (Solving Least Squares Problems, 1974, ch. 23) and Wolfe (Finding the nearest
 * point in a polytope, Math. Prog. 1976) on the row-equilibrated Gram matrix Ĥᵢⱼ = Hᵢⱼ/(nᵢnⱼ), nᵢ = ‖gᵢ‖, so that norms
 * spread over many decades do not drown the short gradients. With cᵢ = minⱼ nⱼ / nᵢ the problem becomes
 * min vᵀĤv, cᵀv = 1, v ≥ 0, and wᵢ = cᵢvᵢ / Σ cⱼvⱼ. On a support S its solution without signs is v ∝ M⁻¹c,
 * M = Ĥ_SS + c_S c_Sᵀ, whose Cholesky factor follows S by appending and deleting rows. M stays regular when Ĥ_SS is not,
 * as at a stationary point.
 *
 * The same method finds the shortest vector of gₐ + cone(gⱼ), j ≠ a: then c = eₐ, so that wₐ is held at 1 and the other
 * weights at ≥ 0 alone.
 *
 * Groups enter several at a time, those that d serves about as badly as the worst, as long as that shortens d.
 *
 * The workspace is kept from call to call, so problems of one size allocate once.
 */
export class MinNormSolver {
  readonly capacity: number;
  /** The problem at hand: H, k×k row-major; minⱼ nⱼ², 1/nᵢ and cᵢ. */
  #gram: Float64Array = new Float64Array(0);
  #k = 0;
  #least = 0;
  readonly #inverse: Float64Array;
  readonly #c: Float64Array;
  /** The group a whose weight is held at 1, or −1. */
  #anchor = -1;
  /** The support S, in the order of the factor's rows, and which groups are in it. */
  readonly #support: Int32Array;
  readonly #isActive: Uint8Array;
  /** Groups that brought no descent at the present point. */
  readonly #isBanned: Uint8Array;
  /** The best support so far and v there. */
  readonly #savedSupport: Int32Array;
  readonly #savedV: Float64Array;
  #savedSize = 0;
  #savedNorm2 = 0;
  /** v on the support, feasible; and z, the solution there without signs. */
  readonly #v: Float64Array;
  readonly #z: Float64Array;
  /** f̂ = vᵀĤv, and Ĥv − f̂c: negative where a group would still shorten d. */
  #norm2 = 0;
  readonly #slack: Float64Array;
  /** Groups about to enter. */
  readonly #queue: Int32Array;
  readonly #factor: ActiveCholesky;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#inverse = new Float64Array(capacity);
    this.#c = new Float64Array(capacity);
    this.#support = new Int32Array(capacity);
    this.#isActive = new Uint8Array(capacity);
    this.#isBanned = new Uint8Array(capacity);
    this.#savedSupport = new Int32Array(capacity);
    this.#savedV = new Float64Array(capacity);
    this.#v = new Float64Array(capacity);
    this.#z = new Float64Array(capacity);
    this.#slack = new Float64Array(capacity);
    this.#queue = new Int32Array(capacity);
    this.#factor = new ActiveCholesky(capacity, INDEPENDENCE);
  }

  solve(gram: Float64Array, weights: Float64Array, start: ArrayLike<number>, anchor = -1): void {
    this.#k = weights.length;
    this.#anchor = anchor;
    this.#gram = gram;
    this.#start(this.#equilibrate(), start);
    this.#updateSlack();
    this.#save();
    let inCompany = true;
    // Each descent leads to another support with a shorter d, so rounds end by themselves. Where rounding hides a descent
    // groups enter one by one from then on, and one without descent is banned until d has become shorter. The bound is for
    // what is not a Gram matrix at all.
    for (let round = 0; round < 10 * this.#k + 100; round++) {
      const entering = this.#mostViolated();
      if (entering < 0) break;
      const moved = this.#enter(entering) || this.#exchange(entering);
      if (moved) {
        const allEntered = inCompany && this.#enterCompany(entering);
        if (allEntered) this.#dropUnweighted();
        else this.#descend();
      }
      this.#updateSlack();
      if (
        moved &&
        this.#norm2 < this.#savedNorm2 - 4 * UNIT_ROUNDOFF * Math.abs(this.#savedNorm2)
      ) {
        this.#save();
        this.#isBanned.fill(0, 0, this.#k);
      } else {
        if (inCompany) inCompany = false;
        else this.#isBanned[entering] = 1;
        if (!this.#restore()) break;
        this.#updateSlack();
      }
    }
    this.#writeWeights(weights);
  }

  /** Takes the problem's norms: fills 1/n and c; returns the group to begin with, the shortest or the anchor. */
  #equilibrate(): number {
    const c = this.#c;
    const inverse = this.#inverse;
    const gram = this.#gram;
    const k = this.#k;
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

  /** Begins at the solution on the groups of `start`, or at the shortest gradient alone. */
  #start(shortest: number, start: ArrayLike<number>): void {
    this.#isActive.fill(0, 0, this.#k);
    this.#isBanned.fill(0, 0, this.#k);
    this.#factor.clear(this.#k);
    const count = this.#queueValid(start);
    for (let next = 0; next < count; next++) next = this.#enterQueued(next, count);
    this.#dropUnweighted();
    if (this.#factor.size === 0) {
      this.#enter(shortest);
      this.#v[0] = 1;
    }
  }

  /** Queues the numbers that name groups, each once; returns how many. */
  #queueValid(numbers: ArrayLike<number>): number {
    let count = 0;
    for (let at = 0; at < numbers.length; at++) {
      const i = numbers[at]!;
      // −1 and 1.5 find no entry.
      if (this.#isActive[i] !== 0 || i >= this.#k) continue;
      this.#isActive[i] = 1;
      this.#queue[count++] = i;
    }
    for (let at = 0; at < count; at++) this.#isActive[this.#queue[at]!] = 0;
    return count;
  }

  /** Goes to the solution on the support, and on to that on its groups of positive weight until it has no others. */
  #dropUnweighted(): void {
    let size: number;
    do {
      size = this.#factor.size;
      this.#solveOnSupport();
      for (let p = 0; p < size; p++) this.#v[p] = this.#z[p]!;
      for (let p = size - 1; p >= 0; p--) if (!(this.#v[p]! > 0)) this.#leave(p);
    } while (this.#factor.size < size);
  }

  /** f̂ = vᵀĤv and slack = Ĥv − f̂c. */
  #updateSlack(): void {
    const slack = this.#slack;
    const support = this.#support;
    const inverse = this.#inverse;
    const v = this.#v;
    const k = this.#k;
    const { size } = this.#factor;
    for (let p = 0; p < size; p++) this.#z[p] = v[p]! * inverse[support[p]!]!;
    combineRows(this.#gram, k, support, this.#z, size, slack);
    for (let i = 0; i < k; i++) slack[i]! *= inverse[i]!;
    let norm2 = 0;
    for (let p = 0; p < size; p++) norm2 += v[p]! * slack[support[p]!]!;
    for (let i = 0; i < k; i++) slack[i]! -= norm2 * this.#c[i]!;
    this.#norm2 = norm2;
  }

  /** The group outside the support that d serves worst, or −1 if every group is served up to tolerance or rounding. */
  #mostViolated(): number {
    const norm2 = this.#norm2;
    let sum = 0;
    for (let p = 0; p < this.#factor.size; p++) sum += this.#v[p]!;
    const rounding = 4 * UNIT_ROUNDOFF * this.#factor.size * sum;
    let worst = -1;
    let least = 0;
    for (let i = 0; i < this.#k; i++) {
      if (this.#isActive[i] || this.#isBanned[i]) continue;
      const slack = this.#slack[i]!;
      if (slack < least && slack < -Math.max(TOLERANCE * norm2 * this.#c[i]!, rounding)) {
        least = slack;
        worst = i;
      }
    }
    return worst;
  }

  /**
   * Appends groups outside the support that d serves about as badly as it does group `worst`; see {@link COMPANY}.
   *
   * @returns true if these are nearly all groups: far from the solution, the way there in small steps is not worth while
   */
  #enterCompany(worst: number): boolean {
    const { size } = this.#factor;
    const violation = COMPANY.violation * this.#slack[worst]!;
    let count = 0;
    for (let i = 0; i < this.#k; i++) {
      if (this.#slack[i]! <= violation && !this.#isActive[i] && !this.#isBanned[i]) {
        this.#queue[count++] = i;
      }
    }
    if (count > COMPANY.nearlyAll * this.#k) {
      if (this.#enterQueued(0, count) === count) return true;
      for (let p = size; p < this.#factor.size; p++) this.#isActive[this.#support[p]!] = 0;
      this.#factor.size = size;
    }
    const most = Math.max(COMPANY.least, Math.floor(COMPANY.growth * size));
    this.#enterQueued(0, Math.min(count, most));
    return false;
  }

  /** Appends group m to the support with v = 0; false if it depends on the groups there. */
  #enter(m: number): boolean {
    this.#queue[0] = m;
    return this.#enterQueued(0, 1) === 1;
  }

  /**
   * Appends the groups of the queue from `next` to `end` to the support with v = 0, up to the first that depends on it.
   *
   * @returns the place of that group in the queue, or `end`
   */
  #enterQueued(next: number, end: number): number {
    for (let at = next; at < end; at++) {
      const m = this.#queue[at]!;
      this.#offer(m);
      if (!this.#factor.append()) return at;
      this.#isActive[m] = 1;
      this.#v[this.#factor.size - 1] = 0;
    }
    return end;
  }

  /** Writes group m's row of M, Mᵢₘ = (Hᵢₘ + minⱼ nⱼ²)/(nᵢnₘ), and its entry of c after the factor's last row. */
  #offer(m: number): void {
    const { rows, y, stride, size: p } = this.#factor;
    const support = this.#support;
    const inverse = this.#inverse;
    const gram = this.#gram;
    const least = this.#least;
    const from = m * this.#k;
    const to = p * stride;
    const inverseM = inverse[m]!;
    const cm = this.#c[m]!;
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
   * from the support to m along β, which hardly changes d, until one group is empty and leaves; again, until m depends on the
   * rest no more and enters with the weight moved. False if there is no weight to move; the support is then to be restored.
   */
  #exchange(m: number): boolean {
    const v = this.#v;
    const beta = this.#z;
    let moved = 0;
    do {
      this.#factor.expressRefused(beta);
      const s = this.#factor.size;
      let leaving = -1;
      let step = Number.POSITIVE_INFINITY;
      for (let p = 0; p < s; p++) {
        if (this.#support[p] === this.#anchor) continue;
        if (beta[p]! > 0 && v[p]! < step * beta[p]!) {
          step = v[p]! / beta[p]!;
          leaving = p;
        }
      }
      if (leaving < 0) return false;
      for (let p = 0; p < s; p++) v[p] = Math.max(0, v[p]! - step * beta[p]!);
      moved += step;
      this.#leave(leaving);
    } while (!this.#enter(m));
    v[this.#factor.size - 1] = moved;
    return true;
  }

  /** Walks from v towards the solution on the support, dropping groups that reach zero on the way, until it is reached. */
  #descend(): void {
    const v = this.#v;
    const z = this.#z;
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

  /** z = M⁻¹c / cᵀM⁻¹c. */
  #solveOnSupport(): void {
    const z = this.#z;
    this.#factor.solve(z);
    let scale = 0;
    for (let p = 0; p < this.#factor.size; p++) scale += this.#c[this.#support[p]!]! * z[p]!;
    for (let p = 0; p < this.#factor.size; p++) z[p]! /= scale;
  }

  #leave(p: number): void {
    const support = this.#support;
    const v = this.#v;
    this.#isActive[support[p]!] = 0;
    this.#factor.delete(p);
    for (let q = p; q < this.#factor.size; q++) {
      support[q] = support[q + 1]!;
      v[q] = v[q + 1]!;
    }
  }

  #save(): void {
    this.#savedSize = this.#factor.size;
    this.#savedNorm2 = this.#norm2;
    for (let p = 0; p < this.#savedSize; p++) {
      this.#savedSupport[p] = this.#support[p]!;
      this.#savedV[p] = this.#v[p]!;
    }
  }

  /** Goes back to the saved support and builds its factor afresh; false if rounding forbids it. */
  #restore(): boolean {
    this.#isActive.fill(0);
    this.#factor.clear(this.#k);
    const size = this.#savedSize;
    for (let p = 0; p < size; p++) this.#queue[p] = this.#savedSupport[p]!;
    if (this.#enterQueued(0, size) < size) return false;
    for (let p = 0; p < size; p++) this.#v[p] = this.#savedV[p]!;
    return true;
  }

  #writeWeights(weights: Float64Array): void {
    weights.fill(0);
    let sum = 0;
    for (let p = 0; p < this.#savedSize; p++) {
      const i = this.#savedSupport[p]!;
      weights[i] = this.#inverse[i]! * this.#savedV[p]!;
      sum += weights[i]!;
    }
    if (this.#anchor >= 0) sum = weights[this.#anchor]!;
    for (let i = 0; i < weights.length; i++) weights[i]! /= sum;
  }
}
