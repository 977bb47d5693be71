import { UNIT_ROUNDOFF } from '../rounding.ts';
import { ActiveCholesky } from './activeCholesky.ts';
import type { AggregatorDescription } from './description.ts';

/** A group enters while ⟨d, gᵢ⟩ < (1 − TOLERANCE)·‖d‖². */
const TOLERANCE = 1e-12;

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
 * The workspace is kept from call to call, so problems of one size allocate once.
 */
class MinNormSolver {
  readonly capacity: number;
  /** Ĥ, k×k row-major, 1/nᵢ up to a common factor, and c. */
  readonly #scaled: Float64Array;
  readonly #scale: Float64Array;
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
  /** v on the support, feasible; and z, the solution there without signs. */
  readonly #v: Float64Array;
  readonly #z: Float64Array;
  /** Ĥv − (vᵀĤv)c: negative where a group would still shorten d. */
  readonly #slack: Float64Array;
  readonly #column: Float64Array;
  readonly #factor: ActiveCholesky;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#scaled = new Float64Array(capacity * capacity);
    this.#scale = new Float64Array(capacity);
    this.#c = new Float64Array(capacity);
    this.#support = new Int32Array(capacity);
    this.#isActive = new Uint8Array(capacity);
    this.#isBanned = new Uint8Array(capacity);
    this.#savedSupport = new Int32Array(capacity);
    this.#savedV = new Float64Array(capacity);
    this.#v = new Float64Array(capacity);
    this.#z = new Float64Array(capacity);
    this.#slack = new Float64Array(capacity);
    this.#column = new Float64Array(capacity);
    this.#factor = new ActiveCholesky(capacity);
  }

  solve(gram: Float64Array, weights: Float64Array, anchor = -1): void {
    const k = weights.length;
    this.#anchor = anchor;
    const shortest = this.#equilibrate(gram, k);
    this.#start(anchor < 0 ? shortest : anchor);
    let norm2 = this.#updateSlack(k);
    this.#save();
    // Each descent leads to another support with a shorter d, so rounds end by themselves. Where rounding hides a descent
    // the group is banned until d has become shorter. The bound is for what is not a Gram matrix at all.
    for (let round = 0; round < 10 * k + 100; round++) {
      const entering = this.#mostViolated(k, norm2);
      if (entering < 0) break;
      const moved = this.#enter(entering, k) || this.#exchange(entering, k);
      if (moved) this.#descend();
      const reached = this.#updateSlack(k);
      if (moved && reached < norm2 - 4 * UNIT_ROUNDOFF * Math.abs(norm2)) {
        norm2 = reached;
        this.#save();
        this.#isBanned.fill(0);
      } else {
        this.#isBanned[entering] = 1;
        if (!this.#restore(k)) break;
        this.#updateSlack(k);
      }
    }
    this.#writeWeights(weights);
  }

  /** Fills Ĥ, 1/n and c; returns the shortest group. */
  #equilibrate(gram: Float64Array, k: number): number {
    const c = this.#c;
    let shortest = 0;
    for (let i = 1; i < k; i++) {
      if (gram[i * k + i]! < gram[shortest * k + shortest]!) shortest = i;
    }
    for (let i = 0; i < k; i++) c[i] = 1 / Math.sqrt(gram[i * k + i]!);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) this.#scaled[i * k + j] = gram[i * k + j]! * c[i]! * c[j]!;
    }
    const length = 1 / c[shortest]!;
    for (let i = 0; i < k; i++) c[i]! *= length;
    this.#scale.set(c);
    if (this.#anchor >= 0) c.fill(0)[this.#anchor] = 1;
    return shortest;
  }

  /** Starts from one gradient alone. */
  #start(first: number): void {
    this.#isActive.fill(0);
    this.#isBanned.fill(0);
    this.#factor.size = 0;
    this.#enter(first, 0);
    this.#v[0] = 1;
  }

  /** slack = Ĥv − f̂c; returns f̂ = vᵀĤv. */
  #updateSlack(k: number): number {
    const slack = this.#slack;
    const scaled = this.#scaled;
    slack.fill(0, 0, k);
    const size = this.#factor.size;
    let p = 0;
    // Four rows at a time: slack is loaded and stored a quarter as often.
    for (; p + 3 < size; p += 4) {
      const row0 = this.#support[p]! * k;
      const row1 = this.#support[p + 1]! * k;
      const row2 = this.#support[p + 2]! * k;
      const row3 = this.#support[p + 3]! * k;
      const v0 = this.#v[p]!;
      const v1 = this.#v[p + 1]!;
      const v2 = this.#v[p + 2]!;
      const v3 = this.#v[p + 3]!;
      for (let i = 0; i < k; i++) {
        slack[i]! +=
          v0 * scaled[row0 + i]! +
          v1 * scaled[row1 + i]! +
          (v2 * scaled[row2 + i]! + v3 * scaled[row3 + i]!);
      }
    }
    for (; p < size; p++) {
      const row = this.#support[p]! * k;
      const v = this.#v[p]!;
      for (let i = 0; i < k; i++) slack[i]! += v * scaled[row + i]!;
    }
    let norm2 = 0;
    for (let p = 0; p < this.#factor.size; p++) norm2 += this.#v[p]! * slack[this.#support[p]!]!;
    for (let i = 0; i < k; i++) slack[i]! -= norm2 * this.#c[i]!;
    return norm2;
  }

  /** The group outside the support that d serves worst, or −1 if every group is served up to tolerance or rounding. */
  #mostViolated(k: number, norm2: number): number {
    let sum = 0;
    for (let p = 0; p < this.#factor.size; p++) sum += this.#v[p]!;
    const rounding = 4 * UNIT_ROUNDOFF * this.#factor.size * sum;
    let worst = -1;
    let least = 0;
    for (let i = 0; i < k; i++) {
      if (this.#isActive[i] || this.#isBanned[i]) continue;
      const slack = this.#slack[i]!;
      if (slack < least && slack < -Math.max(TOLERANCE * norm2 * this.#c[i]!, rounding)) {
        least = slack;
        worst = i;
      }
    }
    return worst;
  }

  /** Appends group m to the support with v = 0; false if it depends on the groups there. */
  #enter(m: number, k: number): boolean {
    const s = this.#factor.size;
    const c = this.#c;
    const cm = c[m]!;
    for (let p = 0; p < s; p++) {
      const i = this.#support[p]!;
      this.#column[p] = this.#scaled[m * k + i]! + c[i]! * cm;
    }
    const tolerance = 1e-14 * (s + 1);
    if (!this.#factor.append(this.#column, 1 + cm * cm, cm, tolerance)) return false;
    this.#support[s] = m;
    this.#isActive[m] = 1;
    this.#v[s] = 0;
    return true;
  }

  /**
   * Group m depends on the support to within rounding, m ≈ Σ βᵢ·i, and yet shortens d: nearly parallel groups. Moves weight
   * from the support to m along β, which hardly changes d, until one group is empty; that one leaves and m takes its place.
   * False if m depends on what is left as well; the support is then to be restored.
   */
  #exchange(m: number, k: number): boolean {
    const s = this.#factor.size;
    const v = this.#v;
    const beta = this.#z;
    this.#factor.expressRefused(beta);
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
    this.#leave(leaving);
    if (!this.#enter(m, k)) return false;
    v[s - 1] = step;
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
        v.set(z.subarray(0, s));
        return;
      }
      for (let p = 0; p < s; p++) v[p]! += step * (z[p]! - v[p]!);
      v[blocking] = 0;
      for (let p = s - 1; p >= 0; p--) {
        if (!(v[p]! > 0)) this.#leave(p);
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
    this.#isActive[this.#support[p]!] = 0;
    this.#factor.delete(p);
    this.#support.copyWithin(p, p + 1, this.#factor.size + 1);
    this.#v.copyWithin(p, p + 1, this.#factor.size + 1);
  }

  #save(): void {
    this.#savedSize = this.#factor.size;
    this.#savedSupport.set(this.#support.subarray(0, this.#savedSize));
    this.#savedV.set(this.#v.subarray(0, this.#savedSize));
  }

  /** Goes back to the saved support and builds its factor afresh; false if rounding forbids it. */
  #restore(k: number): boolean {
    this.#isActive.fill(0);
    this.#factor.size = 0;
    for (let p = 0; p < this.#savedSize; p++) {
      if (!this.#enter(this.#savedSupport[p]!, k)) return false;
    }
    this.#v.set(this.#savedV.subarray(0, this.#savedSize));
    return true;
  }

  #writeWeights(weights: Float64Array): void {
    weights.fill(0);
    let sum = 0;
    for (let p = 0; p < this.#savedSize; p++) {
      const i = this.#savedSupport[p]!;
      weights[i] = this.#scale[i]! * this.#savedV[p]!;
      sum += weights[i]!;
    }
    if (this.#anchor >= 0) sum = weights[this.#anchor]!;
    for (let i = 0; i < weights.length; i++) weights[i]! /= sum;
  }
}

let solver = new MinNormSolver(0);

/**
 * GRAIN's weights: see {@link MinNormSolver}.
 *
 * @param gram H, k×k row-major, symmetric and finite with a positive diagonal
 * @param weights length k; overwritten with w*, on the simplex
 */
export function minNorm(gram: Float64Array, weights: Float64Array): void {
  solverFor(weights.length).solve(gram, weights);
}

/**
 * Projection of gₐ onto the dual cone {d : ⟨d, gᵢ⟩ ≥ 0 for all i}: of gₐ + cone(gⱼ), j ≠ a, it is the shortest vector.
 *
 * @param gram as for {@link minNorm}
 * @param anchor a
 * @param weights length k; overwritten with w ≥ 0, wₐ = 1, of d = Σ wᵢgᵢ
 */
export function projectOntoDualCone(
  gram: Float64Array,
  anchor: number,
  weights: Float64Array,
): void {
  solverFor(weights.length).solve(gram, weights, anchor);
}

function solverFor(k: number): MinNormSolver {
  if (solver.capacity < k) solver = new MinNormSolver(k);
  return solver;
}

export const grain: AggregatorDescription = {
  name: 'grain',
  title: 'GRAIN: shortest vector in the convex hull of the group gradients',
  reference:
    'Bui, Yao & Wang 2026, arXiv:2606.22917; Désidéri 2012, doi:10.1016/j.crma.2012.03.014; Wolfe 1976, doi:10.1007/BF01580381',
  guarantee:
    'No group is made worse to first order: ⟨d, gᵢ⟩ ≥ ‖d‖² ≥ 0 for every group i, with a duality gap as proof.',
  decidedBy: 'gram',
  properties: {
    convex: true,
    minimumNorm: true,
    nonConflicting: true,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {},
  weigh({ gram }, weights) {
    minNorm(gram, weights);
    return undefined;
  },
};
