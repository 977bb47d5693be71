import type { AggregatorDescription, Weighting } from './aggregators/description.ts';
import { weightings } from './aggregators/weightings.ts';
import { certify, type MeasuredCertificate } from './certificate.ts';
import { type ResolvedChoice, resolveChoice } from './choice.ts';
import { submatrix } from './gram.ts';
import { type Screening, screen } from './screen.ts';
import type {
  AggregationResult,
  AggregatorChoice,
  AggregatorName,
  Memory,
  Problem,
  Warning,
} from './types.ts';
import { conflictWarnings, isStoppedBy, warningsOfGroups } from './unusableGroups.ts';

/** Minimum-norm aggregators reach this duality gap relative to ‖d‖², or the rounding floor. */
const GAP_GOAL = 1e-10;

/**
 * Weights of one step and their certificate.
 *
 * Degenerate problems are handled the same for every aggregator, each with a warning.
 * - NaN or infinity in a group, or ‖g‖² beyond float64 (‖g‖ > 10¹⁵⁴): the group gets weight 0 and the others are aggregated (`non-finite-group`). If none is
 *   left, all weights are 0 and the step is to be skipped.
 * - A zero gradient (‖g‖ < 10⁻¹⁴⁶) leaves some aggregators without a direction: it makes the shortest vector zero, has no
 *   unit vector, cannot gain. For these `zeroGroups` decides: `drop` (default) gives it weight 0 and aggregates the others,
 *   `stop` makes all weights 0, `error` throws (`zero-group`). Aggregators that declare `takesZeroGroups`, such as the mean,
 *   treat it like any other.
 * - All gradients zero: for the others all weights are 0 (`all-zero`), unless the policy is `error`.
 * - k = 1: the weight is positive, and 1 unless the aggregator sets the length of d.
 * - Duplicate and parallel gradients: some weights are then not unique, d = Σwᵢgᵢ is; which weights are returned depends only
 *   on the input.
 * - Norms over many decades: solvers work on gradients of unit length, so that long ones do not hide short ones in rounding.
 * - ‖d‖² zero to rounding although weights exist (0 lies in the hull): they are returned (`pareto-stationary`).
 * - An aggregator finds no direction, for example because it would need infinite weights: all weights are 0 (`no-direction`).
 * - A gap above 10⁻¹⁰·‖d‖² that rounding explains is reported as `rounding-floor`, any other as `not-optimal`, for
 *   minimum-norm aggregators without smoothing; groups that d conflicts with as `conflict`, for every aggregator.
 *
 * Smoothing mixes the weights with the last step's, group by group; a group without a previous weight starts with its current one.
 * Weights on the simplex are rescaled to sum to 1. A skipped step leaves the memory as it was; a group that is dropped or
 * absent is forgotten.
 *
 * @throws RangeError for a choice that does not exist or is not decided by a Gram matrix, groups that are not k different
 * numbers, a seed that is not whole, and as {@link screen} and {@link certify} do for what is not a Gram matrix
 * @throws ZeroGroupError under the policy `error`
 */
export function aggregate(
  problem: Problem,
  choice: AggregatorName | AggregatorChoice,
): AggregationResult {
  const resolved = resolveChoice(choice);
  const { description } = resolved;
  const groups = screen(problem);
  const policy = description.takesZeroGroups ? 'keep' : (problem.zeroGroups ?? 'drop');
  const usable = isStoppedBy(groups, policy)
    ? []
    : policy === 'keep'
      ? finite(groups)
      : groups.present;
  const { weights, memory } = weigh(groups, usable, problem, resolved);
  const certificate = certify(groups, weights);
  const isSkipped = weights.every((weight) => weight === 0);
  return {
    weights,
    norm2: certificate.norm2,
    gap: certificate.gap,
    minCosine: certificate.minCosine,
    warnings: [
      ...warningsOfGroups(groups, policy),
      ...(isSkipped
        ? warningsOfSkipping(usable, groups, description)
        : warningsOfCertificate(certificate, groups, resolved)),
    ],
    ...(memory && { memory }),
  };
}

function finite(groups: Screening): number[] {
  return [...groups.present, ...groups.zero].sort((i, j) => i - j);
}

interface Weighed {
  readonly weights: Float64Array;
  readonly memory: Memory | undefined;
}

/** The aggregator's weights of the usable groups, smoothed; 0 for the others. */
function weigh(
  { k, gram, sizes }: Screening,
  usable: readonly number[],
  problem: Problem,
  { description, parameters, smoothing }: ResolvedChoice,
): Weighed {
  const weighting = weightingOf(description);
  const identities = identitiesOf(problem, k);
  const { seed = 0, memory } = problem;
  if (!Number.isSafeInteger(seed))
    throw new RangeError(`the seed is ${seed}; expected a whole number`);
  const weights = new Float64Array(k);
  if (usable.length === 0) return { weights, memory };

  const isWhole = usable.length === k;
  const groups = isWhole ? identities : usable.map((i) => identities[i]!);
  const solved = isWhole ? weights : new Float64Array(usable.length);
  const state = weighting(
    {
      k: usable.length,
      gram: isWhole ? gram : submatrix(gram, k, usable),
      sizes: isWhole ? sizes : Float64Array.from(usable, (i) => sizes[i]!),
      parameters,
      seed,
      groups,
      ...(memory && { memory }),
    },
    solved,
  );
  if (solved.every((weight) => weight === 0)) return { weights, memory };

  const isSmoothed = smoothing > 0;
  if (isSmoothed) smooth(solved, groups, memory, smoothing);
  if (isSmoothed && description.properties.convex) normalise(solved);
  if (!isWhole) for (const [at, i] of usable.entries()) weights[i] = solved[at]!;
  if (!isSmoothed && !state) return { weights, memory: undefined };
  return {
    weights,
    memory: {
      groups,
      ...(state && { state }),
      ...(isSmoothed && { weights: Array.from(solved) }),
    },
  };
}

function weightingOf({ name, decidedBy }: AggregatorDescription): Weighting {
  const weighting = weightings[name];
  if (weighting) return weighting;
  const needs =
    decidedBy === 'block-grams'
      ? 'the Gram matrix of each parameter block'
      : 'every coordinate of the gradients';
  throw new RangeError(`${name} is not decided by one Gram matrix: it needs ${needs}`);
}

function identitiesOf({ groups }: Problem, k: number): readonly number[] {
  if (!groups) return Array.from({ length: k }, (_, i) => i);
  if (groups.length !== k || new Set(groups).size !== k || !groups.every(Number.isFinite)) {
    throw new RangeError(`groups are ${groups.join(', ')}; expected ${k} different numbers`);
  }
  return groups;
}

/** w ← γ·(last w) + (1−γ)·w in place, for groups that have a last weight. */
function smooth(
  weights: Float64Array,
  groups: readonly number[],
  memory: Memory | undefined,
  smoothing: number,
): void {
  for (const [i, group] of groups.entries()) {
    const last = memory?.weights?.[memory.groups.indexOf(group)];
    if (last !== undefined) weights[i] = smoothing * last + (1 - smoothing) * weights[i]!;
  }
}

function normalise(weights: Float64Array): void {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (let i = 0; i < weights.length; i++) weights[i]! /= sum;
}

function* warningsOfSkipping(
  usable: readonly number[],
  { present }: Screening,
  { name: aggregator }: AggregatorDescription,
): Generator<Warning> {
  if (usable.length === 0 || present.length === 0) return;
  yield {
    code: 'no-direction',
    message: `${aggregator} finds no direction for these gradients: skip the step`,
    groups: usable,
  };
}

function* warningsOfCertificate(
  { norm2, gap, gapFloor, isZero, conflictsWith }: MeasuredCertificate,
  { present }: Screening,
  { description, smoothing }: ResolvedChoice,
): Generator<Warning> {
  if (present.length === 0) return;
  const mustBeShortest = description.properties.minimumNorm && smoothing === 0;
  if (isZero) {
    yield {
      code: 'pareto-stationary',
      message: `‖d‖² = ${norm2} is zero to rounding: no direction improves every group`,
      groups: present,
    };
  }
  // No d is shorter than one of length zero, whatever its gap.
  if (mustBeShortest && !isZero) {
    if (gap > GAP_GOAL * norm2 + gapFloor) {
      yield {
        code: 'not-optimal',
        message: `duality gap ${gap} exceeds what rounding explains (${gapFloor}): is the matrix positive semidefinite?`,
        groups: present,
      };
    } else if (gap > GAP_GOAL * norm2) {
      yield {
        code: 'rounding-floor',
        message: `duality gap ${gap} is at the rounding floor of float64 (${gapFloor})`,
        groups: present,
      };
    }
  }
  yield* conflictWarnings(conflictsWith);
}
