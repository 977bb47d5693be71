/** Every aggregator against TorchJD, or another implementation where TorchJD has none: `node bench/agreement.ts`. */
import { median } from 'simple-statistics';
import { aggregate } from '../src/engine/aggregate.ts';
import { gradDrop } from '../src/engine/aggregators/graddrop.ts';
import { gradvacWeights } from '../src/engine/aggregators/gradvac.ts';
import { projectConflicts } from '../src/engine/aggregators/pcgrad.ts';
import { aggregateBlocks } from '../src/engine/blocks.ts';
import { gramOf } from '../src/engine/gram.ts';
import { stepRandom } from '../src/engine/seededRandom.ts';
import type { AggregatorChoice, AggregatorName, Memory } from '../src/engine/types.ts';
import { normalRows, type Random, random } from '../test/unit/engine/random.ts';
import { combine, distance, dot, norm } from '../test/unit/engine/vectors.ts';
import { AgreementPeers, type SharedProblem } from './peers/agreement.ts';
import { circumstances, writeFigures } from './readme.ts';

/** In none of these is 0 in the convex hull, where tolerances would decide what d is. */
const families: Record<string, (k: number, random: Random) => Float64Array[]> = {
  independent: (k, random) => normalRows(k, 2 * k, random),
  'common mean': (k, random) => {
    const [common] = normalRows(1, 2 * k, random);
    return normalRows(k, 2 * k, random).map((row) => row.map((x, j) => common![j]! + x));
  },
  'lengths over 3 decades': (k, random) =>
    normalRows(k, 2 * k, random).map((row) => {
      const length = 10 ** (3 * random.uniform() - 1.5);
      return row.map((x) => length * x);
    }),
  'half-space of k/2 dimensions': (k, random) => {
    const d = Math.max(2, Math.ceil(k / 2));
    const [axis] = normalRows(1, d, random);
    return normalRows(k, d, random).map((row) => (dot(row, axis!) < 0 ? row.map((x) => -x) : row));
  },
};
const sizes = [2, 3, 4, 8, 16];
const STEPS = 12;
const GOAL = 1e-6;
const REGULARISATION = 1e-10;

/** Memory of GradVac along a sequence of steps. */
let gradvacMemory: Memory | undefined;

type Solve = (problem: SharedProblem, gram: Float64Array) => Float64Array;

function weighed(choice: AggregatorName | AggregatorChoice): Solve {
  return ({ rows }, gram) => combine(rows, aggregate({ gram }, choice).weights);
}

interface Comparison {
  /** Key of the peer's answer. */
  readonly peer: string;
  readonly against: string;
  readonly how: string;
  readonly solve: Solve;
  /** Whether to compare on this family; all if absent. */
  readonly only?: (family: string) => boolean;
}

const isIndependent = (family: string) => !family.startsWith('half-space');

const comparisons: Comparison[] = [
  { peer: 'mean', against: 'TorchJD `Mean`', how: 'default settings', solve: weighed('mean') },
  {
    peer: 'grain',
    against: 'SciPy `nnls`',
    how: 'Lawson & Hanson on unit gradients, no Gram matrix',
    solve: weighed('grain'),
  },
  {
    peer: 'grain, TorchJD',
    against: 'TorchJD `MGDA`',
    how: '`epsilon=1e-300, max_iters=2000`: Frank–Wolfe gets no further',
    solve: weighed('grain'),
  },
  {
    peer: 'grain-layerwise',
    against: 'SciPy `nnls`',
    how: 'in each of two blocks; not the half-space, whose blocks have 0 in their hulls',
    only: isIndependent,
    solve: ({ rows, blocks }) => {
      let from = 0;
      const cut = blocks.map((length, b) => {
        const part = rows.map((row) => row.subarray(from, from + length));
        from += length;
        return { name: `${b}`, rows: part, gram: gramOf(part) };
      });
      const answer = aggregateBlocks(cut, {}, 'grain-layerwise');
      const parts = answer.blocks.map(({ weights }, b) => combine(cut[b]!.rows, weights));
      return Float64Array.from(parts.flatMap((part) => Array.from(part)));
    },
  },
  {
    peer: 'grain-streaming',
    against: 'TorchJD `MGDA`',
    how: 'of d and each arriving gradient; exact for two',
    solve: weighed('grain-streaming'),
  },
  {
    peer: 'upgrad',
    against: 'TorchJD `UPGrad`',
    how: '`norm_eps=0, reg_eps=0`; not the half-space, as its quadprog then needs independent gradients',
    solve: weighed('upgrad'),
    only: isIndependent,
  },
  {
    peer: 'upgrad, regularised',
    against: 'TorchJD `UPGrad`',
    how: 'both on the Gram matrix over its trace plus 10⁻¹⁰ I',
    solve: ({ rows }, gram) => {
      const k = rows.length;
      const trace = rows.reduce((sum, _, i) => sum + gram[i * k + i]!, 0);
      const regular = gram.map(
        (entry, at) => entry / trace + (at % (k + 1) === 0 ? REGULARISATION : 0),
      );
      return combine(rows, aggregate({ gram: regular }, 'upgrad').weights);
    },
  },
  {
    peer: 'pcgrad',
    against: 'TorchJD `PCGrad`',
    how: 'the same orders; its sum over k, as ours is a mean',
    solve: ({ rows, orders }, gram) =>
      combine(
        rows,
        projectConflicts(gram, equalShares(rows.length), (i) => orders[i]!),
      ),
  },
  {
    peer: 'gradvac',
    against: 'TorchJD `GradVac`',
    how: `\`eps=0\`, the same orders, ${STEPS} steps with memory; its sum over k`,
    solve: ({ rows, orders, first }, gram) => {
      const k = rows.length;
      const groups = rows.map((_, i) => i);
      const weights = new Float64Array(k);
      if (first) gradvacMemory = undefined;
      const state = gradvacWeights(
        {
          k,
          gram,
          sizes: equalShares(k),
          parameters: { beta: 0.5 },
          groups,
          ...(gradvacMemory && { memory: gradvacMemory }),
        },
        (i) => orders[i]!,
        weights,
      );
      gradvacMemory = { groups, state };
      return combine(rows, weights);
    },
  },
  {
    peer: 'graddrop',
    against: 'TorchJD `GradDrop`',
    how: 'the same random numbers; its sum over k',
    solve: ({ rows, uniforms }) => {
      let at = 0;
      return gradDrop(rows, 0, () => uniforms[at++]!);
    },
  },
  {
    peer: 'cagrad',
    against: 'TorchJD `CAGrad`',
    how: '`c=0.5, norm_eps=0`, its Clarabel at tolerances 10⁻¹⁶',
    solve: weighed('cagrad'),
  },
  {
    peer: 'cagrad, polished',
    against: 'the same, and SciPy `root`',
    how: 'from TorchJD’s answer on by Newton’s method on the optimality conditions of its support',
    solve: weighed('cagrad'),
  },
  {
    peer: 'aligned-mtl',
    against: 'TorchJD `AlignedMTL`',
    how: 'default settings',
    solve: weighed('aligned-mtl'),
  },
  {
    peer: 'imtl-g',
    against: 'TorchJD `IMTLG`',
    how: 'default settings',
    solve: weighed('imtl-g'),
  },
  {
    peer: 'nash-mtl',
    against: 'TorchJD `NashMTL`',
    how: 'default settings, gradients of like length',
    solve: weighed('nash-mtl'),
    only: (family) => !family.startsWith('lengths'),
  },
  {
    peer: 'nash-mtl, unit',
    against: 'TorchJD `NashMTL`',
    how: 'it is given gᵢ/‖gᵢ‖, which by Hα = 1/α leaves d as it is',
    solve: weighed('nash-mtl'),
  },
  {
    peer: 'mean-norm-matched',
    against: 'NumPy, SciPy',
    how: 'the definition',
    solve: weighed('mean-norm-matched'),
  },
  { peer: 'inverse-norm', against: 'NumPy', how: 'the definition', solve: weighed('inverse-norm') },
  {
    peer: 'normalized-mean',
    against: 'NumPy',
    how: 'the definition',
    solve: weighed('normalized-mean'),
  },
];

function equalShares(k: number): Float64Array {
  return new Float64Array(k).fill(1 / k);
}

/** ‖d − d'‖/‖d'‖ of each comparison, by the peer's name; Infinity where the peer fails. */
const differences = new Map(comparisons.map(({ peer }) => [peer, [] as number[]]));
const peers = new AgreementPeers();
for (const [family, sample] of Object.entries(families)) {
  for (const k of sizes) {
    for (let step = 0; step < STEPS; step++) {
      const seed = 1000 * k + step;
      const rows = sample(k, random(seed));
      const d = rows[0]!.length;
      const numbers = stepRandom(seed);
      const problem: SharedProblem = {
        rows,
        blocks: [Math.ceil(d / 2), d - Math.ceil(d / 2)],
        orders: rows.map(() => numbers.permutation(k)),
        uniforms: Array.from({ length: d }, numbers.uniform),
        first: step === 0,
      };
      const theirs = await peers.aggregate(problem);
      const gram = gramOf(rows);
      for (const { peer, solve, only } of comparisons) {
        if (only && !only(family)) continue;
        const ours = solve(problem, gram);
        const answer = theirs[peer];
        const difference = answer
          ? distance(ours, Float64Array.from(answer)) / norm(Float64Array.from(answer))
          : Number.POSITIVE_INFINITY;
        differences.get(peer)!.push(difference);
      }
    }
    console.log(family, k);
  }
}
peers.close();

const table = [
  ['aggregator', 'against', 'matrices', 'median', 'worst', 'within 10⁻⁶', 'how'],
  ['---', '---', '--:', '--:', '--:', '--:', '---'],
  ...comparisons.map(({ peer, against, how }) => {
    const found = differences.get(peer)!;
    const solved = found.filter(Number.isFinite);
    const failed = found.length - solved.length;
    const within = solved.filter((difference) => difference < GOAL).length;
    return [
      peer.split(',')[0]!,
      against,
      failed > 0 ? `${found.length} (fails on ${failed})` : `${found.length}`,
      median(solved).toExponential(0),
      Math.max(...solved).toExponential(0),
      `${within} of ${solved.length}`,
      how,
    ];
  }),
]
  .map((row) => `| ${row.join(' | ')} |`)
  .join('\n');
writeFigures('agreement', `${circumstances()}\n\n${table}`);
console.log(table);
