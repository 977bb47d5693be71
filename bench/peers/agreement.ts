import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonWith } from './venv.ts';

const script = fileURLToPath(new URL('agreement.py', import.meta.url));
const packages = [
  'torch==2.13.0',
  'torchjd==0.18.0',
  'cvxpy==1.9.3',
  'clarabel==0.11.1',
  'ecos==2.0.14',
  'scipy==1.17.1',
  'quadprog==0.1.14',
  'qpsolvers==4.13.0',
];

/** The input of both sides, random numbers included. */
export interface SharedProblem {
  readonly rows: readonly Float64Array[];
  /** Lengths of the parameter blocks, adding up to d. */
  readonly blocks: readonly number[];
  /** The order in which each group meets all groups. */
  readonly orders: readonly (readonly number[])[];
  /** One number in [0, 1) for each coordinate. */
  readonly uniforms: readonly number[];
  /** True at the start of a sequence of steps. */
  readonly first: boolean;
}

/** TorchJD, and other solvers where it has no counterpart, in a separate process; see agreement.py. */
export class AgreementPeers {
  readonly #child = spawn(pythonWith('bench-agreement', packages), ['-W', 'ignore', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** Aggregated gradients by name; null where the peer fails. */
  async aggregate(problem: SharedProblem): Promise<Record<string, number[] | null>> {
    const rows = problem.rows.map((row) => Array.from(row));
    this.#child.stdin.write(`${JSON.stringify({ ...problem, rows })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process of the peers ended');
    return JSON.parse(value);
  }

  close(): void {
    this.#child.stdin.end();
  }
}
