import { aggregate } from './aggregate.ts';
import { certify, type MeasuredCertificate } from './certificate.ts';
import { resolveChoice } from './choice.ts';
import { type Screening, screen } from './screen.ts';
import { roundingOf } from './summation.ts';
import type {
  AggregationResult,
  AggregatorChoice,
  AggregatorName,
  Certificate,
  Memory,
  ProblemOptions,
  Warning,
} from './types.ts';
import { conflictWarnings, isStoppedBy, warningsOfGroups } from './unusableGroups.ts';

/** A part of the parameters, such as a layer. */
export interface BlockGram {
  /** Different from the other blocks', and the same from step to step. */
  readonly name: string;
  /** Hᵇ: inner products of the groups' gradients in this block, k×k row-major. */
  readonly gram: Float64Array;
}

export interface BlockOptions extends Omit<ProblemOptions, 'memory'> {
  readonly memory?: BlockMemory;
}

/** Memory of each block by its name; plain JSON. */
export type BlockMemory = Readonly<Record<string, Memory>>;

/** Weights of each block, and the certificate of the whole step d = (Σ wᵢᵇgᵢᵇ)_b. */
export interface BlockAggregation extends Certificate {
  readonly blocks: readonly { readonly name: string; readonly weights: Float64Array }[];
  readonly warnings: readonly Warning[];
  readonly memory?: BlockMemory;
}

/**
 * GRAIN in each parameter block by itself: ⟨d, gᵢ⟩ = Σ_b ⟨d_b, gᵢᵇ⟩ ≥ Σ_b ‖d_b‖² ≥ 0. The gap is the sum of the blocks', that of
 * the shortest vector of the product of their hulls.
 *
 * Degenerate groups are determined by their whole gradient, as in `aggregate`: one that is not finite in some block is dropped from
 * all; `zeroGroups` is about groups that are zero in all. In a block where its gradient is zero a group is left out, and a
 * block in which all gradients are zero has weights 0. Blocks in which no direction improves every group are reported
 * (`pareto-stationary`).
 *
 * @param choice `grain-layerwise`, optionally smoothed
 * @throws RangeError for another choice, no block, duplicate names or Gram matrices of different sizes, and as `aggregate`
 * does
 * @throws ZeroGroupError under the policy `error`
 */
export function aggregateBlocks(
  blocks: readonly BlockGram[],
  options: BlockOptions,
  choice: AggregatorName | AggregatorChoice,
): BlockAggregation {
  const { nonFinite } = screenAll(blocks, options);
  const solved = blocks.map((block) => aggregateBlock(block, nonFinite, options, choice));
  return concludeBlocks(blocks, solved, options, choice);
}

/**
 * One block of {@link aggregateBlocks}, for callers that have the blocks one after another and then call
 * {@link concludeBlocks}.
 *
 * @param nonFinite groups that are not finite in any block
 */
export function aggregateBlock(
  { name, gram }: BlockGram,
  nonFinite: readonly number[],
  { zeroGroups, memory, ...rest }: BlockOptions,
  choice: AggregatorName | AggregatorChoice,
): AggregationResult {
  const known = memory?.[name];
  const marked = gram.slice();
  for (const i of nonFinite) marked[i * Math.sqrt(gram.length) + i] = Number.NaN;
  return aggregate(
    { ...rest, gram: marked, ...(known && { memory: known }) },
    { name: 'grain', smoothing: smoothingOf(choice) },
  );
}

/**
 * The result of {@link aggregateBlocks} from that of each block.
 *
 * @param solved by {@link aggregateBlock}, with the same options and choice, and the groups that are not finite in some block
 * @throws as {@link aggregateBlocks} does
 */
export function concludeBlocks(
  blocks: readonly BlockGram[],
  solved: readonly AggregationResult[],
  options: BlockOptions,
  choice: AggregatorName | AggregatorChoice,
): BlockAggregation {
  const smoothing = smoothingOf(choice);
  const screened = screenAll(blocks, options);
  const { zeroGroups = 'drop' } = options;
  const nothing = new Float64Array(screened.k ** 2);
  const answers = isStoppedBy(screened, zeroGroups)
    ? blocks.map(({ name }) => aggregateBlock({ name, gram: nothing }, [], options, choice))
    : solved;
  const weights = answers.map((answer) => answer.weights);
  const certificate = certifyWhole(screened, weights);
  return {
    blocks: blocks.map(({ name }, b) => ({ name, weights: weights[b]! })),
    norm2: certificate.norm2,
    gap: answers.reduce((sum, { gap }) => sum + gap, 0),
    minCosine: certificate.minCosine,
    warnings: [
      ...warningsOfGroups(screened, zeroGroups),
      ...warningsOfBlocks(
        blocks,
        answers.map((answer) => answer.warnings),
      ),
      ...conflictWarnings(certificate.conflictsWith),
    ],
    ...(smoothing > 0 && {
      memory: Object.fromEntries(
        blocks.flatMap(({ name }, b) => {
          const { memory } = answers[b]!;
          return memory ? [[name, memory]] : [];
        }),
      ),
    }),
  };
}

/** @throws RangeError for an aggregator that does not work block by block */
function smoothingOf(choice: AggregatorName | AggregatorChoice): number {
  const { description, smoothing } = resolveChoice(choice);
  if (description.decidedBy !== 'block-grams') {
    throw new RangeError(`${description.name} does not aggregate by blocks; grain-layerwise does`);
  }
  return smoothing;
}

/** Which groups can be aggregated, over all blocks. */
interface ScreenedBlocks {
  readonly k: number;
  readonly screenings: readonly Screening[];
  /** Groups that are not finite in some block. */
  readonly nonFinite: readonly number[];
  /** Groups that are finite, and zero in every block. */
  readonly zero: readonly number[];
  /** The others. */
  readonly present: readonly number[];
}

function screenAll(blocks: readonly BlockGram[], { sizes }: BlockOptions): ScreenedBlocks {
  if (blocks.length === 0) throw new RangeError('no blocks; expected at least one');
  if (new Set(blocks.map(({ name }) => name)).size < blocks.length) {
    throw new RangeError('two blocks have the same name');
  }
  const screenings = blocks.map(({ gram }) => screen({ gram, ...(sizes && { sizes }) }));
  const k = screenings[0]!.k;
  if (screenings.some((screening) => screening.k !== k)) {
    throw new RangeError('the Gram matrices of the blocks have different sizes');
  }
  const all = Array.from({ length: k }, (_, i) => i);
  const nonFinite = all.filter((i) => screenings.some((of) => of.nonFinite.includes(i)));
  const finite = all.filter((i) => !nonFinite.includes(i));
  const zero = finite.filter((i) => screenings.every((of) => of.zero.includes(i)));
  const present = finite.filter((i) => !zero.includes(i));
  return { k, screenings, nonFinite, zero, present };
}

/** A certificate of d = (Σ wᵢᵇgᵢᵇ)_b, without the gap, which each block has separately. */
interface WholeCertificate extends Omit<MeasuredCertificate, 'gap' | 'gapFloor'> {}

/**
 * Proof of how good the weights of blocks are, whatever computed them: the gap is the sum of the blocks'.
 *
 * @param weights of each block, length k
 * @throws RangeError as `aggregateBlocks` does for blocks, and if weights do not have length k
 */
export function certifyBlocks(
  blocks: readonly BlockGram[],
  weights: readonly ArrayLike<number>[],
): WholeCertificate & Pick<Certificate, 'gap'> {
  const screened = screenAll(blocks, {});
  for (const { length } of weights) {
    if (length !== screened.k) throw new RangeError(`${length} weights for ${screened.k} groups`);
  }
  const isBroken = weights.some(
    (ofBlock) =>
      !Array.from(ofBlock).every(Number.isFinite) ||
      screened.nonFinite.some((i) => ofBlock[i] !== 0),
  );
  if (isBroken) {
    const unknown = { norm2: Number.NaN, minCosine: Number.NaN, isZero: false, conflictsWith: [] };
    return { ...unknown, gap: Number.POSITIVE_INFINITY };
  }
  const gaps = screened.screenings.map((of, b) => certify(of, weights[b]!).gap);
  return {
    ...certifyWhole(screened, weights),
    gap: gaps.reduce((sum, gap) => sum + gap, 0),
  };
}

/** As `certify`, its rounding floors added up over the blocks. */
function certifyWhole(
  { k, screenings, present }: ScreenedBlocks,
  weights: readonly ArrayLike<number>[],
): WholeCertificate {
  const inner = new Float64Array(k);
  const norm2s = new Float64Array(k);
  const floors = new Float64Array(k);
  const epsilon = roundingOf(k);
  let norm2 = 0;
  let zeroFloor = 0;
  for (const [b, { gram }] of screenings.entries()) {
    const w = weights[b]!;
    const mass = present.reduce((sum, i) => sum + w[i]! * Math.sqrt(gram[i * k + i]!), 0);
    zeroFloor += epsilon * mass ** 2;
    for (const i of present) {
      const r = present.reduce((sum, j) => sum + w[j]! * gram[i * k + j]!, 0);
      inner[i]! += r;
      norm2 += w[i]! * r;
      norm2s[i]! += gram[i * k + i]!;
      floors[i]! += epsilon * mass * Math.sqrt(gram[i * k + i]!);
    }
  }
  if (norm2 <= zeroFloor) {
    return { norm2: Math.max(0, norm2), minCosine: 0, isZero: true, conflictsWith: [] };
  }
  const cosines = present.map((i) => inner[i]! / Math.sqrt(norm2) / Math.sqrt(norm2s[i]!));
  return {
    norm2,
    minCosine: Math.max(-1, Math.min(1, ...cosines)),
    isZero: false,
    conflictsWith: present.filter((i) => inner[i]! < -floors[i]!),
  };
}

/** Warnings about the blocks' solutions, once for each code. */
function warningsOfBlocks(
  blocks: readonly BlockGram[],
  warnings: readonly (readonly Warning[])[],
): Warning[] {
  const codes = ['pareto-stationary', 'not-optimal', 'rounding-floor'] as const;
  return codes.flatMap((code) => {
    const found = warnings.flatMap((ofBlock, b) =>
      ofBlock.filter((warning) => warning.code === code).map((warning) => ({ b, warning })),
    );
    if (found.length === 0) return [];
    const where = found.map(({ b }) => blocks[b]!.name).join(', ');
    const groups = [...new Set(found.flatMap(({ warning }) => warning.groups))];
    return [{ code, message: `in ${where}: ${found[0]!.warning.message}`, groups }];
  });
}
