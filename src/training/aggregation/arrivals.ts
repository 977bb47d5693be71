import { StreamingMinNorm } from '../../engine/aggregators/grainStreaming.ts';
import type { Warning, ZeroGroupPolicy } from '../../engine/types.ts';
import { isStoppedBy, warningsOfGroups } from '../../engine/unusableGroups.ts';
import type { ArrivalFacts } from '../../runs/events.ts';

/** A gradient g that has arrived at d, wherever both are. */
export interface Arrival {
  /** Mean loss of its group. */
  readonly loss: number;
  /** ‖g‖². */
  readonly norm2: number;
  /** ⟨d, g⟩; 0 before there is a d. */
  readonly inner: number;
}

export interface ArrivingGradients {
  /** Group after group; each gradient is there until the next one is asked for. */
  readonly arrivals: Iterable<Arrival> | AsyncIterable<Arrival>;
  /** d ← (1−t)d + tg for the gradient that has arrived; the first time d is 0 before. @returns ‖d‖² */
  move(t: number): Promise<number>;
}

export interface CombinedArrivals {
  readonly losses: Float32Array;
  readonly arrivals: readonly ArrivalFacts[];
  /** Weights of d, length k; all 0: the step is skipped. */
  readonly weights: Float64Array;
  readonly warnings: readonly Warning[];
}

/**
 * `grain-streaming`: decides how far d moves towards each gradient as it arrives. One that is not finite is left out; for one that
 * is zero the policy decides: left out, step skipped, or error.
 *
 * @throws ZeroGroupError under the policy `error`
 */
export async function combineArrivals(
  { arrivals, move }: ArrivingGradients,
  zeroGroups: ZeroGroupPolicy,
): Promise<CombinedArrivals> {
  const stream = new StreamingMinNorm();
  const kinds = { present: [] as number[], zero: [] as number[], nonFinite: [] as number[] };
  const facts: ArrivalFacts[] = [];
  const losses: number[] = [];
  let direction2 = 0;
  let isStopped = false;
  for await (const { loss, norm2, inner } of arrivals) {
    const i = losses.push(loss) - 1;
    const kind = Number.isFinite(norm2) ? (norm2 > 0 ? 'present' : 'zero') : 'nonFinite';
    kinds[kind].push(i);
    if (kind === 'present') {
      direction2 = await move(stream.arrive({ dd: direction2, dg: inner, gg: norm2 }));
    }
    const weights = Array.from(spread(stream.weights, kinds.present, i + 1));
    facts.push({ inner, norm2, weights, direction2 });
    isStopped = isStoppedBy(kinds, zeroGroups);
  }
  return {
    losses: Float32Array.from(losses),
    arrivals: facts,
    weights: spread(isStopped ? [] : stream.weights, kinds.present, losses.length),
    warnings: [...warningsOfGroups(kinds, zeroGroups)],
  };
}

/** Weights of k groups; 0 for those that were left out. */
function spread(
  weights: readonly number[],
  present: readonly number[],
  k: number,
): Float64Array<ArrayBuffer> {
  const all = new Float64Array(k);
  for (const [at, weight] of weights.entries()) all[present[at]!] = weight;
  return all;
}
