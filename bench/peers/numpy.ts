import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonWith } from './venv.ts';

const script = fileURLToPath(new URL('numpy_products.py', import.meta.url));

/** numpy's matrix products (OpenBLAS, float32, all cores) on random gradients that it generates. */
export class Numpy {
  readonly #child;
  readonly #lines;

  constructor() {
    const python = pythonWith('bench-numpy', ['numpy==2.4.0']);
    this.#child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns seconds that `G @ G.T` or `w @ G` took */
  async seconds(what: 'gram' | 'combine', k: number, d: number): Promise<number> {
    this.#child.stdin.write(`${JSON.stringify({ what, k, d })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the numpy process ended');
    return Number(value);
  }

  close(): void {
    this.#child.stdin.end();
  }
}
