import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** A process that answers requests one at a time, a line of JSON each. */
export class Peer<Answer> {
  readonly #child;
  readonly #lines;

  constructor([program, ...args]: Command) {
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      // PyTorch's threads otherwise wait for each other in busy loops, which on shared cores takes time from themselves.
      env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(' ')} ended`);
    return JSON.parse(value);
  }

  close(): void {
    this.#child.kill();
  }
}
