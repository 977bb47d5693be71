import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { aggregators } from '../../src/engine/aggregators/registry.ts';
import { grainScript } from '../built.ts';
import { fuzzLines } from './lines.ts';

/** Lines handed over at once. */
const BATCH = 200;

interface Outcome {
  readonly answered: number;
  readonly errors: number;
  /** Longest wait for an answer, in seconds. */
  readonly slowest: number;
}

/**
 * Feeds `grain solve`, as a process, with the first `count` lines of a seed and checks every answer.
 *
 * @param patience seconds until the next answer must be there
 * @throws Error naming the line that was answered wrongly, not in time, or by the end of the process
 */
export async function fuzzSolve(count: number, seed: number, patience = 20): Promise<Outcome> {
  const child = spawn(process.execPath, [grainScript, 'solve'], { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // EPIPE, once the process has ended
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const closed = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const lines = fuzzLines(seed);
  let errors = 0;
  let slowest = 0;
  try {
    for (let answered = 0; answered < count; ) {
      const batch = Array.from(
        { length: Math.min(BATCH, count - answered) },
        () => lines.next().value as Buffer,
      );
      child.stdin.write(Buffer.concat(batch.flatMap((line) => [line, Buffer.from('\n')])));
      for (const line of batch) {
        answered++;
        const started = performance.now();
        try {
          const answer = await within(patience, answers.next());
          if (answer.done) throw new Error(`the process ended: ${said}`);
          if (!check(answer.value, answered)) errors++;
        } catch (error) {
          const text = line.length < 2000 ? line.toString() : `${line.subarray(0, 2000)}…`;
          throw new Error(`seed ${seed}, line ${answered}: ${text}`, { cause: error });
        }
        slowest = Math.max(slowest, (performance.now() - started) / 1000);
      }
    }
    child.stdin.end();
    const [status] = await within(patience, closed);
    assert.equal(status, errors > 0 ? 1 : 0);
    assert.equal(said, '');
    return { answered: count, errors, slowest };
  } finally {
    child.kill('SIGKILL');
  }
}

async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), 1000 * seconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Checks an answer; true if it is a solution, false if an error. */
function check(text: string, line: number): boolean {
  const answer = JSON.parse(text);
  if ('error' in answer) {
    assert.deepEqual(Object.keys(answer), ['error', 'line']);
    assert.equal(typeof answer.error, 'string');
    assert.notEqual(answer.error, '');
    assert.ok(answer.error.length < 10_000, 'an error as long as a book');
    assert.equal(answer.line, line);
    return false;
  }
  assert.ok(Array.isArray(answer.weights) && answer.weights.length > 0);
  for (const [key, value] of Object.entries(answer)) {
    if (!(key === 'gap' && mayLackGap)) assertNoNull(value, `${key} in ${text}`);
  }
  return true;
}

/** The gap of weights off the simplex is infinite, which JSON writes null: aggregators that say they are not convex. */
const mayLackGap = Object.values(aggregators).some(
  (description: object) =>
    'properties' in description && !(description.properties as { convex?: boolean }).convex,
);

/** JSON writes null for NaN and infinity. */
function assertNoNull(value: unknown, where: string): void {
  assert.notEqual(value, null, where);
  if (typeof value === 'object') {
    for (const part of Object.values(value as object)) assertNoNull(part, where);
  }
}
