import { type AggregatorDescription, aggregatorNamed } from './aggregators/registry.ts';
import { certify, type MeasuredCertificate } from './certificate.ts';
import { type Screening, screen } from './screen.ts';
import type { Aggregation, AggregatorName, Problem, Warning } from './types.ts';

/** A minimum-norm aggregator reaches this duality gap relative to ‖d‖², or the rounding floor. */
const GAP_GOAL = 1e-10;

/** A message names no more groups than these; its warning holds them all. */
const MOST_NAMED = 20;

/** Thrown by `aggregate` when a group's gradient is zero and the problem's policy is `error`. */
export class ZeroGroupError extends Error {
  override name = 'ZeroGroupError';
}

/**
 * Weights of one step and their certificate.
 *
 * Degenerate problems are decided here, the same for every aggregator; each decision leaves a warning.
 * - NaN or infinity in a group, or ‖g‖² beyond float64 (‖g‖ > 10¹⁵⁴): the group gets weight 0 and the others are aggregated (`non-finite-group`). If that leaves
 *   none, all weights are 0 and the step is to be skipped.
 * - A zero gradient (‖g‖ < 10⁻¹⁴⁶) would make the shortest vector zero. For minimum-norm aggregators `zeroGroups` decides:
 *   `drop` (default) gives it weight 0 and aggregates the others, `stop` makes all weights 0, `error` throws (`zero-group`).
 *   The mean takes zero gradients like any other, as plain training does.
 * - All gradients zero: for minimum-norm aggregators all weights are 0 (`all-zero`), unless the policy is `error`.
 * - k = 1: the weight is 1.
 * - Duplicate and parallel gradients: w* is then not unique, d = Σwᵢgᵢ is; which w* is returned depends only on the input.
 * - Norms over many decades: the solver works on gradients of unit length, so short ones are not drowned.
 * - ‖d‖² zero to rounding (0 lies in the hull): the weights that prove it are returned (`pareto-stationary`).
 * - A gap above 10⁻¹⁰·‖d‖² that rounding explains is told as `rounding-floor`, one that it does not as `not-optimal`;
 *   groups that d steps against as `conflict`.
 *
 * @throws RangeError for an unknown aggregator, and as {@link screen} and {@link certify} do for what is not a Gram matrix
 * @throws ZeroGroupError under the policy `error`
 */
export function aggregate(problem: Problem, aggregator: AggregatorName): Aggregation {
  const description = aggregatorNamed(aggregator);
  const groups = screen(problem);
  const policy = description.minimumNorm ? (problem.zeroGroups ?? 'drop') : 'keep';
  if (policy === 'error' && groups.zero.length > 0) {
    throw new ZeroGroupError(`${name(groups.zero)} has a zero gradient`);
  }
  const isStopped = policy === 'stop' && groups.zero.length > 0;
  const weights = isStopped
    ? new Float64Array(groups.k)
    : weigh(groups, policy === 'keep' ? finite(groups) : groups.present, description);
  const certificate = certify(groups, weights);
  return {
    weights,
    norm2: certificate.norm2,
    gap: certificate.gap,
    minCosine: certificate.minCosine,
    warnings: [
      ...warningsOfGroups(groups, policy),
      ...(isStopped ? [] : warningsOfCertificate(certificate, groups, description)),
    ],
  };
}

function finite(groups: Screening): number[] {
  return [...groups.present, ...groups.zero].sort((i, j) => i - j);
}

/** The aggregator's weights of the groups taken; 0 for the others. */
function weigh(
  { k, gram, sizes }: Screening,
  taken: readonly number[],
  description: AggregatorDescription,
): Float64Array {
  const weights = new Float64Array(k);
  if (taken.length === 0) return weights;
  if (taken.length === k) {
    description.weigh(gram, sizes, weights);
    return weights;
  }
  const n = taken.length;
  const takenGram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) takenGram[i * n + j] = gram[taken[i]! * k + taken[j]!]!;
  }
  const takenWeights = new Float64Array(n);
  description.weigh(
    takenGram,
    Float64Array.from(taken, (i) => sizes[i]!),
    takenWeights,
  );
  for (let i = 0; i < n; i++) weights[taken[i]!] = takenWeights[i]!;
  return weights;
}

function* warningsOfGroups(
  { nonFinite, zero, present }: Screening,
  policy: 'drop' | 'stop' | 'error' | 'keep',
): Generator<Warning> {
  if (nonFinite.length > 0) {
    const rest = present.length + zero.length > 0 ? 'dropped' : 'no group is left: skip the step';
    yield {
      code: 'non-finite-group',
      message: `${name(nonFinite)} has a gradient with a NaN, an infinity or ‖g‖² beyond float64; ${rest}`,
      groups: nonFinite,
    };
  }
  if (zero.length === 0) return;
  if (present.length === 0) {
    yield { code: 'all-zero', message: 'every gradient is zero', groups: zero };
  } else if (policy !== 'keep') {
    const effect = policy === 'stop' ? 'the step is stopped' : 'dropped';
    yield {
      code: 'zero-group',
      message: `${name(zero)} has a zero gradient; ${effect}`,
      groups: zero,
    };
  }
}

function* warningsOfCertificate(
  { norm2, gap, gapFloor, isZero, against }: MeasuredCertificate,
  { present }: Screening,
  { minimumNorm }: AggregatorDescription,
): Generator<Warning> {
  if (present.length === 0) return;
  if (isZero) {
    yield {
      code: 'pareto-stationary',
      message: `‖d‖² = ${norm2} is zero to rounding: no direction serves every group`,
      groups: present,
    };
  }
  if (minimumNorm && gap > GAP_GOAL * norm2 + gapFloor) {
    yield {
      code: 'not-optimal',
      message: `duality gap ${gap} exceeds what rounding explains (${gapFloor}): is the matrix positive semidefinite?`,
      groups: present,
    };
  } else if (minimumNorm && !isZero && gap > GAP_GOAL * norm2) {
    yield {
      code: 'rounding-floor',
      message: `duality gap ${gap} is at the rounding floor of float64 (${gapFloor})`,
      groups: present,
    };
  }
  if (against.length > 0) {
    yield { code: 'conflict', message: `the step goes against ${name(against)}`, groups: against };
  }
}

function name(groups: readonly number[]): string {
  if (groups.length === 1) return `group ${groups[0]}`;
  const shown = groups.slice(0, MOST_NAMED).join(', ');
  const rest = groups.length - MOST_NAMED;
  return `each of groups ${shown}${rest > 0 ? ` and ${rest} more` : ''}`;
}
