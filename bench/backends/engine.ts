import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type EncoderCase, parametersOf, sizeOf } from './cases.ts';

/** The interface of a tensor engine under measurement. */
export interface Engine {
  /** A product [m,k]·[k,n] of existing matrices, computed anew by each run. */
  product?(m: number, k: number, n: number): Task | Promise<Task>;
  /** A step of training: forward, backward and descent. Its result is the loss before it. */
  step(model: EncoderCase, initial: readonly Float32Array[]): Task | Promise<Task>;
}

export interface Task {
  /** Finished when it returns. */
  run(): Promise<number> | number;
  dispose(): void;
  /** Profiles some runs. */
  profile?(runs: number): [kernel: string, share: number][];
}

export type Request =
  | { readonly product: readonly [number, number, number] }
  | { readonly model: EncoderCase; readonly initial: string }
  | { readonly runs: number }
  | { readonly profile: number };

export interface Answer {
  readonly seconds: readonly number[];
  /** Processor time of all threads, seconds a run. */
  readonly cpu: number;
  readonly results: readonly number[];
  /** Peak resident memory of the process so far, MiB. */
  readonly memory: number;
  readonly kernels?: readonly [kernel: string, share: number][];
}

/** Answers one JSON line per request on standard input, as the Python peer does. */
export async function serve(engine: Engine): Promise<void> {
  let task: Task | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request: Request = JSON.parse(line);
    const answer = await respond(request);
    const memory = process.resourceUsage().maxRSS / 1024;
    process.stdout.write(`${JSON.stringify({ ...nothing, ...answer, memory } satisfies Answer)}\n`);
  }
  process.exit();

  async function respond(request: Request): Promise<Partial<Answer>> {
    if ('runs' in request) return task ? time(task, request.runs) : {};
    if ('profile' in request) return { kernels: task!.profile!(request.profile) };
    task?.dispose();
    task =
      'product' in request
        ? await engine.product?.(...request.product)
        : await engine.step(request.model, readInitial(request.model, request.initial));
    return {};
  }
}

const nothing = { seconds: [], cpu: 0, results: [] };

async function time(task: Task, runs: number): Promise<Partial<Answer>> {
  const seconds: number[] = [];
  const results: number[] = [];
  const start = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const before = performance.now();
    results.push(await task.run());
    seconds.push((performance.now() - before) / 1000);
  }
  const { user, system } = process.cpuUsage(start);
  return { seconds, cpu: (user + system) / 1e6 / runs, results };
}

function readInitial(model: EncoderCase, file: string): Float32Array[] {
  const bytes = readFileSync(file);
  let at = bytes.byteOffset;
  return parametersOf(model).map(({ shape }) => {
    const values = new Float32Array(bytes.buffer, at, sizeOf(shape));
    at += values.byteLength;
    return values;
  });
}

export const LEARNING_RATE = 0.01;
