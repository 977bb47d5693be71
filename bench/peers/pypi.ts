import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cache, pythonWith } from './venv.ts';

const script = fileURLToPath(new URL('pypi.py', import.meta.url));
const packages = [
  'torch==2.13.0',
  'torchjd==0.18.0',
  'quadprog==0.1.14',
  'clarabel==0.11.1',
  'cvxopt==1.3.3',
  'scipy==1.17.1',
];

export interface Timed {
  readonly seconds: number;
  readonly weights: Float64Array;
}

/** Solvers from PyPI in a separate process, with a virtual environment made on first use. */
export class PypiSolvers {
  readonly #child;
  readonly #lines;

  constructor() {
    const python = pythonWith('bench-venv', packages);
    this.#child = spawn(python, ['-W', 'ignore', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @param solver a name that pypi.py knows
   * @param settings what that solver takes besides
   * @throws what the solver says where it has no answer
   */
  async solve(gram: Float64Array, solver: string, settings: object = {}): Promise<Timed> {
    const file = `${cache}bench-gram.f64`;
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, gram);
    const k = Math.sqrt(gram.length);
    this.#child.stdin.write(`${JSON.stringify({ gram: file, k, solver, ...settings })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process of the PyPI solvers ended');
    const { error, seconds, weights } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return { seconds, weights: Float64Array.from(weights) };
  }

  close(): void {
    this.#child.stdin.end();
  }
}
