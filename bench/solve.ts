/** Solve time and accuracy of GRAIN's weights against named peers, on the same Gram matrices in one run. */
import quadprog from 'quadprog';
import { aggregate } from '../src/engine/aggregate.ts';
import { certify } from '../src/engine/certificate.ts';
import { gramOf } from '../src/engine/gram.ts';
import { screen } from '../src/engine/screen.ts';
import { normalRows, type Random, random } from '../test/unit/engine/random.ts';
import { dot } from '../test/unit/engine/vectors.ts';
import { type Timed, TorchJd } from './peers/torchjd.ts';
import { circumstances, table, writeFigures } from './readme.ts';

const sizes = [4, 8, 16, 64, 256, 1024];
const families: Record<string, (k: number, random: Random) => Float64Array[]> = {
  'near-orthogonal': (k, random) => normalRows(k, 10 * k, random),
  'common mean': (k, random) => {
    const [common] = normalRows(1, 16, random);
    return normalRows(k, 16, random).map((row) => row.map((x, j) => common![j]! + x));
  },
  'half-space': (k, random) => {
    const d = Math.max(2, k / 4);
    const [axis] = normalRows(1, d, random);
    return normalRows(k, d, random).map((row) => (dot(row, axis!) < 0 ? row.map((x) => -x) : row));
  },
};

/** Seconds that measuring one solver on one matrix may take, beyond its first call. */
const BUDGET = 1;
/** A solver slower than this is not tried on larger matrices. */
const PATIENCE = 20;

interface Solver {
  readonly title: string;
  solve(gram: Float64Array): Promise<Timed> | Timed;
}

/** Median duration of `solve` over as many calls as fit the budget, the first not counted if there are others. */
function timed<Input>(prepare: () => Input, solve: (input: Input) => Float64Array): Timed {
  let weights: Float64Array = new Float64Array(0);
  const durations: number[] = [];
  const started = performance.now();
  do {
    const input = prepare();
    const before = performance.now();
    weights = solve(input);
    durations.push((performance.now() - before) / 1000);
  } while (performance.now() - started < 1000 * BUDGET && durations.length < 20_000);
  if (durations.length > 1) durations.shift();
  durations.sort((a, b) => a - b);
  return { seconds: durations[durations.length >> 1]!, weights };
}

/** min ½wᵀHw, Σw = 1, w ≥ 0. quadprog's arrays count from 1 and are overwritten: making them is not timed. */
function byQuadprog(gram: Float64Array): Timed {
  const k = Math.sqrt(gram.length);
  const prepare = () => {
    const matrix: number[][] = [[]];
    const constraints: number[][] = [[]];
    for (let i = 0; i < k; i++) {
      matrix.push([0, ...gram.subarray(i * k, (i + 1) * k)]);
      constraints.push([0, 1, ...Array.from({ length: k }, (_, j) => (i === j ? 1 : 0))]);
    }
    const linear = new Array<number>(k + 1).fill(0);
    const bounds = [0, 1, ...new Array<number>(k).fill(0)];
    return { matrix, linear, constraints, bounds };
  };
  return timed(prepare, ({ matrix, linear, constraints, bounds }) => {
    const { solution, message } = quadprog.solveQP(matrix, linear, constraints, bounds, 1);
    if (message) throw new Error(message);
    return Float64Array.from(solution.slice(1));
  });
}

const torchJd = new TorchJd();
const grain: Solver = {
  title: 'GRAIN',
  solve: (gram) =>
    timed(
      () => ({ gram }),
      (problem) => aggregate(problem, 'grain').weights,
    ),
};
const peers: Solver[] = [
  {
    title: 'TorchJD',
    solve: (gram) => torchJd.mgda(gram, { epsilon: 1e-3, iterations: 100 }),
  },
  {
    title: 'TorchJD 10k',
    solve: (gram) => torchJd.mgda(gram, { epsilon: 1e-12, iterations: 10_000 }),
  },
  { title: 'quadprog', solve: byQuadprog },
];

function relativeGap(gram: Float64Array, weights: Float64Array): string {
  const { gap, norm2 } = certify(screen({ gram }), weights);
  return (gap / norm2).toExponential(0);
}

function duration(seconds: number): string {
  return seconds < 1e-3
    ? `${(1e6 * seconds).toPrecision(3)} µs`
    : `${(1e3 * seconds).toPrecision(3)} ms`;
}

const rows = [
  ['family', 'k', 'support', 'GRAIN', 'gap', ...peers.flatMap(({ title }) => [title, 'gap'])],
];
for (const [family, sample] of Object.entries(families)) {
  const givenUp = new Set<Solver>();
  for (const k of sizes) {
    const gram = gramOf(sample(k, random(k)));
    const ours = await grain.solve(gram);
    const support = ours.weights.filter((weight) => weight > 0).length;
    const row = [family, k, support, duration(ours.seconds), relativeGap(gram, ours.weights)];
    for (const peer of peers) {
      if (givenUp.has(peer)) {
        row.push('–', '–');
        continue;
      }
      try {
        const theirs = await peer.solve(gram);
        if (theirs.seconds > PATIENCE) givenUp.add(peer);
        const ratio = Number((theirs.seconds / ours.seconds).toPrecision(2));
        row.push(`${ratio}×`, relativeGap(gram, theirs.weights));
      } catch {
        row.push('fails', '–');
      }
    }
    rows.push(row.map(String));
    console.log(row.join('  '));
  }
}
torchJd.close();

const figures = table(rows, 1);
writeFigures(
  'solve',
  `${circumstances()} Peers: their time over GRAIN's, and their gap. –: not tried, being too slow at the size before.\n\n${figures}`,
);
console.log(figures);
