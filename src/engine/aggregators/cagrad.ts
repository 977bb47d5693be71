import { minNorm } from '../minNorm/minNorm.ts';
import { roundingOf, UNIT_ROUNDOFF } from '../summation.ts';
import type { AggregatorDescription, Weighting } from './description.ts';
import { shares } from './mean.ts';

/** log μ is looked for down to this far below its largest value, 30 decades, where no gradient gives a direct bound. */
const DEPTH = 70;

/** ‖Σ wᵢgᵢ‖ below this share of Σ wᵢ‖gᵢ‖: squares of sums that cancelled so far tell little of the direction. */
const CANCELLED = 1e-6;

export const cagrad: AggregatorDescription = {
  name: 'cagrad',
  title:
    'CAGrad: the best direction for the group that improves least, within a ball around the mean',
  reference: 'Liu et al. 2021, arXiv:2110.14048',
  guarantee:
    'None for single groups; d stays within c‖ḡ‖ of the mean ḡ, and no direction there improves the worst group more.',
  decidedBy: 'gram',
  properties: {
    convex: false,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: true,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {
    c: {
      default: 0.5,
      min: 0,
      max: 1,
      belowMax: true,
      description: 'Radius of the ball around the mean, in lengths of the mean; 0 is the mean.',
    },
  },
};

export const cagradWeighting: Weighting = ({ k, gram, sizes, parameters }, weights) => {
  const mean = shares(sizes);
  weights.set(mean);
  const shifted = new ShiftedHull(gram, mean);
  const radius = parameters.c! * shifted.meanNorm;
  if (radius === 0) return undefined;

  const longest = Math.sqrt(Math.max(...mean.map((_, i) => gram[i * k + i]!)));
  const reach = shifted.balance(radius, longest / radius);
  if (reach === 0) weights.fill(0);
  else for (let i = 0; i < k; i++) weights[i]! += (radius / reach) * shifted.weights[i]!;
  return undefined;
};

/**
 * max_d minᵢ ⟨gᵢ, d⟩ over the ball ‖d − ḡ‖ ≤ ρ has the dual min_w ⟨g_w, ḡ⟩ + ρ‖g_w‖ over the simplex, g_w = Σ wᵢgᵢ, and
 * d = ḡ + ρ g_w/‖g_w‖. As ρ‖g_w‖ = min_μ ½(‖g_w‖²/μ + ρ²μ), w is for some μ > 0 the point of least norm in the hull of the
 * shifted gradients gᵢ + μḡ, and μ the one with ‖g_w‖ = ρμ. The dual is convex in μ, so ‖g_w(μ)‖ − ρμ changes sign once.
 */
class ShiftedHull {
  readonly weights: Float64Array;
  readonly meanNorm: number;
  readonly #gram: Float64Array;
  readonly #shifted: Float64Array;
  /** ⟨gᵢ, ḡ⟩. */
  readonly #alongMean: Float64Array;

  constructor(gram: Float64Array, mean: Float64Array) {
    const k = mean.length;
    this.#gram = gram;
    this.#shifted = new Float64Array(k * k);
    this.weights = new Float64Array(k);
    this.#alongMean = new Float64Array(k);
    let norm2 = 0;
    let mass = 0;
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) this.#alongMean[i]! += gram[i * k + j]! * mean[j]!;
      norm2 += mean[i]! * this.#alongMean[i]!;
      mass += mean[i]! * Math.sqrt(gram[i * k + i]!);
    }
    this.meanNorm = norm2 > roundingOf(k) * mass ** 2 ? Math.sqrt(norm2) : 0;
  }

  /**
   * Sets `weights` to those of the μ up to `largest` with ‖g_w‖ = ρμ; returns ‖g_w‖, 0 if only μ = 0 will do. By regula falsi
   * (Illinois) in log μ, where the function is nearly straight.
   */
  balance(radius: number, largest: number): number {
    const excess = (logShift: number) =>
      Math.log(this.#reach(Math.exp(logShift)) / radius) - logShift;
    let high = Math.log(largest) + 1e-9;
    // ‖g_w‖ is least at μ = 0, which bounds μ from below.
    const least = this.#reach(0);
    let low = least > this.#floor() ? Math.log(least / radius) : high - DEPTH;
    let atHigh = excess(high);
    let atLow = excess(low);
    for (let round = 0; round < 100 && atLow > 0 && atHigh < 0; round++) {
      const at = (atLow * high - atHigh * low) / (atLow - atHigh);
      const value = excess(at);
      if (Math.abs(value) <= 4 * UNIT_ROUNDOFF || at <= low || at >= high) break;
      if (value > 0) {
        low = at;
        atLow = value;
        atHigh /= 2;
      } else {
        high = at;
        atHigh = value;
        atLow /= 2;
      }
    }
    const reach = this.#norm(this.#gram);
    return reach > this.#floor() ? reach : 0;
  }

  /** Sets `weights` for a shift μ; returns ‖g_w‖. */
  #reach(shift: number): number {
    const k = this.weights.length;
    const along = this.#alongMean;
    const square = (shift * this.meanNorm) ** 2;
    let mass = 0;
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) {
        this.#shifted[i * k + j] =
          this.#gram[i * k + j]! + shift * (along[i]! + along[j]!) + square;
      }
      // gᵢ = −μḡ to rounding: the shortest vector is zero.
      if (this.#shifted[i * k + i]! <= roundingOf(k) * (this.#gram[i * k + i]! + square)) {
        this.weights.fill(0)[i] = 1;
        return Math.sqrt(this.#gram[i * k + i]!);
      }
    }
    minNorm(this.#shifted, this.weights);
    for (let i = 0; i < k; i++) mass += this.weights[i]! * Math.sqrt(this.#shifted[i * k + i]!);
    // −μḡ lies in the hull: g_w is it.
    if (shift > 0 && this.#norm(this.#shifted) <= Math.sqrt(roundingOf(k)) * mass) {
      return shift * this.meanNorm;
    }
    return this.#norm(this.#gram);
  }

  /** ‖Σ wᵢgᵢ‖ for gradients of this Gram matrix; tiny at least, to have a logarithm. */
  #norm(gram: Float64Array): number {
    const k = this.weights.length;
    let norm2 = 0;
    for (let i = 0; i < k; i++) {
      if (this.weights[i] === 0) continue;
      for (let j = 0; j < k; j++) norm2 += this.weights[i]! * this.weights[j]! * gram[i * k + j]!;
    }
    return Math.sqrt(Math.max(Number.MIN_VALUE, norm2));
  }

  /** ‖g_w‖ that counts as zero. */
  #floor(): number {
    const k = this.weights.length;
    let mass = 0;
    for (let i = 0; i < k; i++) mass += this.weights[i]! * Math.sqrt(this.#gram[i * k + i]!);
    return CANCELLED * mass;
  }
}
