import { combineRows, UNIT_ROUNDOFF } from '../summation.ts';
import { Support } from './support.ts';

/** A group enters while ⟨d, gᵢ⟩ < (1 − TOLERANCE)·‖d‖². */
const TOLERANCE = 1e-12;

/**
 * Groups that enter together with the most violated one: those with at least this share of its violation. At most a quarter of
 * the support, or the least number if that is more, because most of more would leave again. But all if they are nearly all
 * groups and independent: gradients of a high dimension are nearly orthogonal, and then none leaves.
 */
const COMPANY = { violation: 0.5, growth: 0.25, least: 8, nearlyAll: 0.75 };

/**
 * Exact point of least norm in the convex hull of the gradients: w* = argmin wᵀHw over the simplex.
 *
 * Method: the active set of Lawson & Hanson (Solving Least Squares Problems, 1974, ch. 23) and Wolfe (Finding the nearest
 * point in a polytope, Math. Prog. 1976) on the row-equilibrated Gram matrix Ĥᵢⱼ = Hᵢⱼ/(nᵢnⱼ), nᵢ = ‖gᵢ‖, so that with norms
 * spread over many decades short gradients are not lost in rounding. With cᵢ = minⱼ nⱼ / nᵢ the problem becomes
 * min vᵀĤv, cᵀv = 1, v ≥ 0, and wᵢ = cᵢvᵢ / Σ cⱼvⱼ. On a support S its solution without signs is v ∝ M⁻¹c,
 * M = Ĥ_SS + c_S c_Sᵀ, whose Cholesky factor follows S by appending and deleting rows. M stays regular when Ĥ_SS is not,
 * as at a stationary point.
 *
 * The same method finds the shortest vector of gₐ + cone(gⱼ), j ≠ a: then c = eₐ, so that wₐ is held at 1 and the other
 * weights at ≥ 0 alone.
 *
 * Groups enter several at a time, those violated about as much as the worst, as long as that shortens d.
 *
 * The workspace is reused, so problems of one size allocate once.
 */
export class MinNormSolver {
  readonly capacity: number;
  /** The problem at hand: H, k×k row-major. */
  #gram: Float64Array = new Float64Array(0);
  #k = 0;
  readonly #support: Support;
  /** Groups that brought no descent at the present point. */
  readonly #isBanned: Uint8Array;
  /** f̂ = vᵀĤv, and Ĥv − f̂c: negative where a group would still shorten d. */
  #norm2 = 0;
  readonly #slack: Float64Array;
  /** f̂ of the saved support. */
  #savedNorm2 = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#support = new Support(capacity);
    this.#isBanned = new Uint8Array(capacity);
    this.#slack = new Float64Array(capacity);
  }

  solve(gram: Float64Array, weights: Float64Array, start: ArrayLike<number>, anchor = -1): void {
    this.#k = weights.length;
    this.#gram = gram;
    this.#isBanned.fill(0, 0, this.#k);
    this.#start(this.#support.reset(gram, this.#k, anchor), start);
    this.#updateSlack();
    this.#save();
    let inCompany = true;
    // Each descent leads to another support with a shorter d, so rounds end by themselves. Where rounding hides a descent
    // groups enter one by one from then on, and one without descent is banned until d has become shorter. The bound is for
    // what is not a Gram matrix at all.
    for (let round = 0; round < 10 * this.#k + 100; round++) {
      const entering = this.#mostViolated();
      if (entering < 0) break;
      const moved = this.#support.enter(entering) || this.#support.exchange(entering);
      if (moved) {
        const allEntered = inCompany && this.#enterCompany(entering);
        if (allEntered) this.#support.dropUnweighted();
        else this.#support.descend();
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
        if (!this.#support.restore()) break;
        this.#updateSlack();
      }
    }
    this.#support.writeWeights(weights);
  }

  /** Starts at the solution on the groups of `start`, or at the shortest gradient alone. */
  #start(shortest: number, start: ArrayLike<number>): void {
    const support = this.#support;
    const count = support.queueValid(start);
    for (let next = 0; next < count; next++) next = support.enterQueued(next, count);
    support.dropUnweighted();
    if (support.size === 0) support.enterAlone(shortest);
  }

  #save(): void {
    this.#savedNorm2 = this.#norm2;
    this.#support.save();
  }

  /** f̂ = vᵀĤv and slack = Ĥv − f̂c. */
  #updateSlack(): void {
    const slack = this.#slack;
    const { groups, inverse, v, z, c, size } = this.#support;
    const k = this.#k;
    for (let p = 0; p < size; p++) z[p] = v[p]! * inverse[groups[p]!]!;
    combineRows(this.#gram, k, groups, z, size, slack);
    for (let i = 0; i < k; i++) slack[i]! *= inverse[i]!;
    let norm2 = 0;
    for (let p = 0; p < size; p++) norm2 += v[p]! * slack[groups[p]!]!;
    for (let i = 0; i < k; i++) slack[i]! -= norm2 * c[i]!;
    this.#norm2 = norm2;
  }

  /** The group outside the support with the smallest slack, or −1 if no slack is negative beyond tolerance or rounding. */
  #mostViolated(): number {
    const norm2 = this.#norm2;
    const { size, v, c } = this.#support;
    let sum = 0;
    for (let p = 0; p < size; p++) sum += v[p]!;
    const rounding = 4 * UNIT_ROUNDOFF * size * sum;
    let worst = -1;
    let least = 0;
    for (let i = 0; i < this.#k; i++) {
      if (this.#support.has(i) || this.#isBanned[i]) continue;
      const slack = this.#slack[i]!;
      if (slack < least && slack < -Math.max(TOLERANCE * norm2 * c[i]!, rounding)) {
        least = slack;
        worst = i;
      }
    }
    return worst;
  }

  /**
   * Appends groups outside the support that are violated about as much as group `worst`; see {@link COMPANY}.
   *
   * @returns true if these are nearly all groups: far from the solution, small steps are not worthwhile
   */
  #enterCompany(worst: number): boolean {
    const { size, queue } = this.#support;
    const violation = COMPANY.violation * this.#slack[worst]!;
    let count = 0;
    for (let i = 0; i < this.#k; i++) {
      if (this.#slack[i]! <= violation && !this.#support.has(i) && !this.#isBanned[i]) {
        queue[count++] = i;
      }
    }
    if (count > COMPANY.nearlyAll * this.#k) {
      if (this.#support.enterQueued(0, count) === count) return true;
      this.#support.truncate(size);
    }
    const most = Math.max(COMPANY.least, Math.floor(COMPANY.growth * size));
    this.#support.enterQueued(0, Math.min(count, most));
    return false;
  }
}
