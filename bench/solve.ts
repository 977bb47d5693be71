/** Solve time and accuracy of GRAIN's weights, cold and warm, compared with peers on the same Gram matrices in one run. */
import { aggregate } from '../src/engine/aggregate.ts';
import { certify } from '../src/engine/certificate.ts';
import { gramOf } from '../src/engine/gram.ts';
import { minNorm, supportOf } from '../src/engine/minNorm/minNorm.ts';
import { screen } from '../src/engine/screen.ts';
import { table } from '../src/experiment/markdown.ts';
import { stepFamilies } from '../test/unit/engine/families.ts';
import { type Random, random } from '../test/unit/engine/random.ts';
import { norm } from '../test/unit/engine/vectors.ts';
import { npmQuadprog } from './peers/npmQuadprog.ts';
import { PypiSolvers, type Timed } from './peers/pypi.ts';
import { circumstances, writeFigures } from './readme.ts';

const sizes = [4, 8, 16, 64, 256, 1024];

/** From step to step every gradient moves by this share of its length. */
const STEP_NOISE = 0.05;
/** Seconds that measuring one solver on one matrix may take, beyond its first call. */
const BUDGET = 0.5;
/** Seconds a call may take: a slower solver is not run on larger matrices or with more iterations. */
const PATIENCE = 12;
/** Iterations of Frank–Wolfe, and the relative gap to reach. */
const LADDER = [100, 1000, 10_000, 100_000];
const LADDER_GOAL = 1e-6;

/**
 * Shortest duration of a call among as many as fit the budget, because other work of the machine only adds to it. Short calls
 * are timed many at once.
 */
function timed(solve: () => Float64Array): Timed {
  const weights = solve().slice();
  const batch = Math.ceil(5e-5 / secondsOf(solve, 1));
  let seconds = Number.POSITIVE_INFINITY;
  const started = performance.now();
  do seconds = Math.min(seconds, secondsOf(solve, batch));
  while (performance.now() - started < 1000 * BUDGET);
  return { seconds, weights };
}

function secondsOf(solve: () => Float64Array, calls: number): number {
  const before = performance.now();
  for (let call = 0; call < calls; call++) solve();
  return (performance.now() - before) / 1000 / calls;
}

/** `aggregate`, started from a support. */
function aggregateFrom(start: readonly number[], gram: Float64Array): Float64Array {
  const groups = screen({ gram });
  const weights = new Float64Array(groups.k);
  minNorm(groups.gram, weights, start);
  certify(groups, weights);
  return weights;
}

function relativeGap(gram: Float64Array, weights: Float64Array): number {
  const { gap, norm2 } = certify(screen({ gram }), weights);
  return gap / norm2;
}

/** The gradients of the next step. */
function stepped(rows: readonly Float64Array[], { normal }: Random): Float64Array[] {
  return rows.map((row) => {
    const scale = (STEP_NOISE * norm(row)) / Math.sqrt(row.length);
    return row.map((x) => x + scale * normal());
  });
}

const pypi = new PypiSolvers();

/** A peer, and a note on its answer besides its time. */
interface Peer {
  readonly title: string;
  solve(gram: Float64Array): Promise<Timed & { readonly remark?: string }>;
}

/** TorchJD with the least of several numbers of iterations that reaches the goal, or with the most that its time allows. */
async function climb(gram: Float64Array): Promise<Timed & { remark: string }> {
  for (const iterations of LADDER) {
    const answer = await pypi.solve(gram, 'mgda exhaustive', { iterations });
    const reached = relativeGap(gram, answer.weights) <= LADDER_GOAL;
    if (reached) return { ...answer, remark: `${iterations} it.` };
    if (10 * answer.seconds > PATIENCE || iterations === LADDER.at(-1)) {
      return { ...answer, remark: `not in ${iterations} it.` };
    }
  }
  throw new Error('no number of iterations to try');
}

const torchjdToGoal: Peer = { title: 'TorchJD to 1e-6', solve: climb };
const peers: Peer[] = [
  { title: 'TorchJD', solve: (gram) => pypi.solve(gram, 'mgda') },
  torchjdToGoal,
  { title: 'quadprog (npm)', solve: async (gram) => timed(() => npmQuadprog(gram)) },
  ...['quadprog', 'clarabel', 'cvxopt'].map((name) => ({
    title: name,
    solve: (gram: Float64Array) => pypi.solve(gram, name),
  })),
];

function duration(seconds: number): string {
  return seconds < 1e-3
    ? `${(1e6 * seconds).toPrecision(3)} µs`
    : `${(1e3 * seconds).toPrecision(3)} ms`;
}

function exponential(gap: number): string {
  return gap.toExponential(0);
}

function ratio(theirs: Timed, ours: Timed): string {
  return `${Number((theirs.seconds / ours.seconds).toPrecision(2))}×`;
}

const own = [
  ['family', 'k', 'support', 'cold', 'gap', 'solver alone', 'warm', 'gap', 'solver alone'],
];
const others = [['family', 'k', ...peers.flatMap(({ title }) => [title, 'gap'])]];
for (const [family, sample] of Object.entries(stepFamilies)) {
  const givenUp = new Set<Peer>();
  for (const k of sizes) {
    const source = random(k);
    const rows = sample(k, source);
    const gram = gramOf(rows);
    const next = gramOf(stepped(rows, source));
    const workspace = new Float64Array(k);
    const solver = (matrix: Float64Array, start?: readonly number[]) =>
      timed(() => {
        minNorm(matrix, workspace, start);
        return workspace;
      });

    const cold = timed(() => aggregate({ gram }, 'grain').weights);
    const support = supportOf(cold.weights);
    const warm = timed(() => aggregateFrom(support, next));
    own.push([
      family,
      String(k),
      String(support.length),
      duration(cold.seconds),
      exponential(relativeGap(gram, cold.weights)),
      duration(solver(gram).seconds),
      duration(warm.seconds),
      exponential(relativeGap(next, warm.weights)),
      duration(solver(next, support).seconds),
    ]);
    console.log(own.at(-1)!.join('  '));

    const cells: string[] = [];
    for (const peer of peers) {
      if (givenUp.has(peer)) {
        cells.push('–', '–');
        continue;
      }
      try {
        const theirs = await peer.solve(gram);
        if (theirs.seconds > PATIENCE && peer !== torchjdToGoal) givenUp.add(peer);
        const times = `${ratio(theirs, cold)} / ${ratio(theirs, warm)}`;
        cells.push(
          theirs.remark ? `${times}, ${theirs.remark}` : times,
          exponential(relativeGap(gram, theirs.weights)),
        );
      } catch {
        cells.push('fails', '–');
      }
    }
    others.push([family, String(k), ...cells]);
    console.log(cells.join('  '));
  }
}
pypi.close();

writeFigures(
  'solve',
  `${circumstances()}

GRAIN: the whole of \`aggregate\`, and the solver in it alone. Warm: the step after, every gradient moved by ${100 * STEP_NOISE} % of its length, from the support of the step before.

${table(own, 1)}

Peers: their time over GRAIN’s, cold / warm, and their gap. –: not run, because it took more than ${PATIENCE} s at the size before.

${table(others, 1)}`,
);
