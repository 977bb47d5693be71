import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cache, pythonWith } from './venv.ts';

const script = fileURLToPath(new URL('torchjd_mgda.py', import.meta.url));

export interface TorchJdSettings {
  /** Frank–Wolfe stops at a step below this… */
  readonly epsilon: number;
  /** … or after this many iterations. */
  readonly iterations: number;
}

export interface Timed {
  readonly seconds: number;
  readonly weights: Float64Array;
}

/** TorchJD in a virtual environment of its own, made on first use. */
export class TorchJd {
  readonly #child;
  readonly #lines;

  constructor() {
    const python = pythonWith('bench-venv', ['torch==2.13.0', 'torchjd==0.18.0']);
    this.#child = spawn(python, ['-W', 'ignore', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async mgda(gram: Float64Array, settings: TorchJdSettings): Promise<Timed> {
    const file = `${cache}bench-gram.f64`;
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, gram);
    const k = Math.sqrt(gram.length);
    this.#child.stdin.write(`${JSON.stringify({ gram: file, k, ...settings })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the TorchJD process ended');
    const { seconds, weights } = JSON.parse(value);
    return { seconds, weights: Float64Array.from(weights) };
  }

  close(): void {
    this.#child.stdin.end();
  }
}
