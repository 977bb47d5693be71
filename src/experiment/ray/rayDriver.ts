/** The Python process that hands runs to a Ray cluster. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packagesFolder } from '../../environments/carried.ts';
import { findInterpreter } from '../../environments/interpreter.ts';
import { jsonLine } from '../../runs/jsonLine.ts';
import { type Answer, answerSchema, type Request } from './messages.ts';

const MAIN =
  'import sys; sys.path[:] = filter(None, sys.path); from grain_ray.__main__ import main; main()';

/** The cluster cannot be used. */
export class RayError extends Error {
  override readonly name = 'RayError';
}

type Process = ChildProcessByStdio<Writable, Readable, Readable>;
type Begin = Extract<Request, { kind: 'begin' }>;

export class RayDriver {
  readonly #process: Process;
  readonly #onNote: (text: string) => void;
  readonly #ends = new Map<string, (message: string) => void>();
  readonly #exited: Promise<void>;
  #stderr = '';
  #hasExited = false;

  private constructor(process: Process, onNote: (text: string) => void) {
    this.#process = process;
    this.#onNote = onNote;
    process.stderr.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-10_000);
    });
    // Its exit reports what could not be written.
    process.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      process.once('error', (error) => {
        this.#stderr += error.message;
        this.#exit(resolve);
      });
      process.once('close', () => this.#exit(resolve));
    });
  }

  /** Connects to a cluster. @throws RayError saying why it cannot */
  static async start(begin: Begin, onNote: (text: string) => void): Promise<RayDriver> {
    const driver = new RayDriver(startPython(), onNote);
    const ready = new Promise<Extract<Answer, { kind: 'ready' }>>((resolve) => {
      createInterface({ input: driver.#process.stdout }).on('line', (line) => {
        const answer = answerSchema.parse(JSON.parse(line));
        if (answer.kind === 'ready') resolve(answer);
        else driver.#answer(answer);
      });
    });
    driver.#send(begin);
    const answer = await Promise.race([ready, driver.#exited]);
    if (!answer) throw new RayError(driver.#lastWords(begin.address));
    const { nodes, cpus, gpus } = answer;
    onNote(`Ray at ${begin.address}: ${nodes} nodes, ${cpus} CPUs, ${gpus} GPUs`);
    return driver;
  }

  /** @returns why nothing more comes of the run, of interest if its log has no end */
  train(id: string, folder: string): Promise<string> {
    const ended = new Promise<string>((resolve) => this.#ends.set(id, resolve));
    if (this.#hasExited) this.#exit(() => {});
    else this.#send({ kind: 'train', id, folder });
    return ended;
  }

  /** Ends a run with a checkpoint, or before it begins. */
  stop(id: string): void {
    this.#send({ kind: 'stop', id });
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#exited;
  }

  #send(request: Request): void {
    this.#process.stdin.write(jsonLine(request));
  }

  #answer(answer: Exclude<Answer, { kind: 'ready' }>): void {
    if (answer.kind === 'note') this.#onNote(answer.text);
    else {
      this.#ends.get(answer.id)?.(answer.message);
      this.#ends.delete(answer.id);
    }
  }

  #exit(resolve: () => void): void {
    this.#hasExited = true;
    for (const end of this.#ends.values()) end(this.#lastWords('the cluster'));
    this.#ends.clear();
    resolve();
  }

  #lastWords(address: string): string {
    if (this.#stderr.includes("No module named 'ray'")) {
      return `${this.#process.spawnfile} has no Ray. Expected the version of the cluster: ${this.#process.spawnfile} -m pip install ray; or set GRAIN_PYTHON to a Python that has it.`;
    }
    const last = this.#stderr.trim().split('\n').at(-1) ?? '';
    return `Ray at ${address} cannot be used: ${last}`;
  }
}

function startPython(): Process {
  const packages = [packagesFolder(), process.env.PYTHONPATH].filter(Boolean);
  return spawn(findInterpreter(), ['-c', MAIN], {
    // Ctrl-C in the terminal ends runs with a checkpoint, which the driver is needed for.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    env: {
      ...process.env,
      PYTHONPATH: packages.join(path.delimiter),
      // Data are often not under version control.
      RAY_RUNTIME_ENV_IGNORE_GITIGNORE: '1',
    },
  });
}
