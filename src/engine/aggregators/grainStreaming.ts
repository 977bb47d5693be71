import type { AggregatorDescription, Weighting } from './description.ts';

export const grainStreaming: AggregatorDescription = {
  name: 'grain-streaming',
  title:
    'GRAIN, streaming (approximate): shortest vector between d and each gradient as it arrives',
  reference: 'two-point case of Sener & Koltun 2018, arXiv:1810.04650, gradient by gradient',
  guarantee:
    'When a gradient arrives, d does not conflict with it: ⟨d, gᵢ⟩ ≥ ‖d‖² ≥ 0; later ones may make d conflict with it, and d depends on their order.',
  decidedBy: 'arrival',
  properties: {
    convex: true,
    minimumNorm: false,
    nonConflicting: false,
    permutationEquivariant: false,
    linearUnderScaling: false,
    scaleEquivariant: true,
    stronglyStationary: false,
  },
  takesZeroGroups: false,
  parameters: {},
};

export const grainStreamingWeighting: Weighting = ({ k, gram }, weights) => {
  const stream = new StreamingMinNorm();
  for (let i = 0; i < k; i++) {
    let dd = 0;
    let dg = 0;
    for (let a = 0; a < i; a++) {
      dg += weights[a]! * gram[i * k + a]!;
      for (let b = 0; b < i; b++) dd += weights[a]! * weights[b]! * gram[a * k + b]!;
    }
    stream.arrive({ dd, dg, gg: gram[i * k + i]! });
    weights.set(stream.weights);
  }
  return undefined;
};

/** Inner products of the running d with itself and with an arriving gradient g, and of g with itself. */
export interface Arrival {
  readonly dd: number;
  readonly dg: number;
  readonly gg: number;
}

/**
 * Approximate minimum norm with one vector of memory: d ← (1−t)d + tg for the t in [0, 1] that makes it shortest. The caller
 * holds d and measures three inner products an arrival.
 */
export class StreamingMinNorm {
  /** Weights of the gradients that have arrived, on the simplex. */
  readonly weights: number[] = [];

  /** Adds a gradient; returns t, by which the caller is to update d. The first has t = 1. */
  arrive({ dd, dg, gg }: Arrival): number {
    const t = this.weights.length === 0 ? 1 : nearest(dd, dg, gg);
    for (let i = 0; i < this.weights.length; i++) this.weights[i]! *= 1 - t;
    this.weights.push(t);
    return t;
  }
}

/** argmin over t ∈ [0, 1] of ‖(1−t)d + tg‖²; the shorter end where g ≈ d. */
function nearest(dd: number, dg: number, gg: number): number {
  const towards = dd - dg;
  const away = gg - dg;
  if (towards <= 0) return 0;
  if (away <= 0) return 1;
  return towards / (towards + away);
}
