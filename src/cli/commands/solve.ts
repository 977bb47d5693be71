import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { messageOf } from '../../config/errors.ts';
import { aggregate } from '../../engine/aggregate.ts';
import { aggregators } from '../../engine/aggregators/registry.ts';
import { weightings } from '../../engine/aggregators/weightings.ts';
import { diagnose } from '../../engine/diagnose.ts';
import { gramOf } from '../../engine/gram.ts';
import { checkSemidefinite } from '../../engine/semidefinite.ts';
import type { AggregatorName, Problem } from '../../engine/types.ts';
import { jsonLine } from '../../runs/jsonLine.ts';
import { FAILED } from '../exit.ts';

/** A short line could ask for the memory of a Gram matrix of any size. */
const MAX_GROUPS = 4096;

const names = Object.keys(aggregators) as AggregatorName[];
/** Aggregators that need only one Gram matrix. */
const solvable = Object.values(aggregators).filter(({ name }) => weightings[name]);

const summary = 'solve aggregation problems: JSON lines in, JSON lines out';

const description = [
  summary,
  'Each line of standard input is an object with either "gram" (k rows of k numbers) or "gradients" (k rows of d numbers), and optionally "aggregator", "parameters" (an object of numbers), "smoothing" (0 to below 1), "sizes" (examples in each group), "zeroGroups" (drop, stop or error), "seed", "groups" (k numbers that tell the groups apart from line to line) and "memory" (that of an earlier answer). null stands for NaN.',
  'Each answer is {"weights", "norm2", "gap", "minCosine", "conflictRate", "effectiveGroups", "warnings"}, and "memory" if the next answer depends on it; gap is null where the weights are not on the simplex. A line that cannot be solved is answered {"error", "line"}, and the exit status is then 1.',
  `Aggregators: ${solvable.map(({ name, title }) => `${name} (${title})`).join('; ')}.`,
].join('\n\n');

export function addSolveCommand(program: Command): void {
  program
    .command('solve')
    .summary(summary)
    .description(description)
    .addOption(
      new Option('--aggregator <name>', 'for lines that name none')
        .choices(solvable.map(({ name }) => name))
        .default('grain'),
    )
    .action(async (options: { aggregator: AggregatorName }) => {
      const bad = await solveStream(process.stdin, process.stdout, options.aggregator);
      if (bad > 0) process.exitCode = FAILED;
    });
}

/**
 * Answers each line of `input` on `output`, in order, as it comes and no faster than `output` takes it; `output` stays open.
 * If the reader closes the pipe (EPIPE), it stops.
 *
 * @returns how many lines were bad
 */
export async function solveStream(
  input: Readable,
  output: Writable,
  aggregator: AggregatorName,
): Promise<number> {
  let bad = 0;
  async function* answers() {
    let line = 0;
    for await (const text of linesOf(input)) {
      line++;
      if (text.trim() === '') continue;
      let answer: object;
      try {
        answer = solveLine(text, aggregator);
      } catch (error) {
        bad++;
        answer = { error: messageOf(error), line };
      }
      yield jsonLine(answer);
    }
  }
  try {
    await pipeline(answers, output, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  return bad;
}

async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8');
  let rest = '';
  for await (const chunk of input as AsyncIterable<string>) {
    const pieces = chunk.split('\n');
    pieces[0] = rest + pieces[0];
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
  if (rest !== '') yield rest;
}

const numbers = z.array(z.number());

const Line = z.strictObject({
  gram: z.array(z.unknown()).optional(),
  gradients: z.array(z.unknown()).optional(),
  aggregator: z.enum(names).optional(),
  parameters: z.record(z.string(), z.number()).exactOptional(),
  smoothing: z.number().exactOptional(),
  sizes: numbers.exactOptional(),
  zeroGroups: z.enum(['drop', 'stop', 'error']).exactOptional(),
  seed: z.number().exactOptional(),
  groups: numbers.exactOptional(),
  memory: z
    .strictObject({
      groups: numbers,
      state: numbers.exactOptional(),
      weights: numbers.exactOptional(),
    })
    .exactOptional(),
});

/** Names of the fields that a line may have. */
export const lineFields: readonly string[] = Object.keys(Line.shape);

function solveLine(text: string, defaultAggregator: AggregatorName): object {
  const parsed = Line.safeParse(JSON.parse(text));
  if (!parsed.success) throw new TypeError(parsed.error.issues.map(describe).join('; '));
  const {
    gram,
    gradients,
    aggregator: name = defaultAggregator,
    parameters = {},
    smoothing = 0,
    ...options
  } = parsed.data;
  const problem: Problem = { gram: gramFrom(gram, gradients), ...options };
  if (gram) checkSemidefinite(problem);
  const { weights, norm2, gap, minCosine, warnings, memory } = aggregate(problem, {
    name,
    parameters,
    smoothing,
  });
  const { conflictRate, effectiveGroups } = diagnose(problem, weights);
  const isHint = smoothing === 0 && aggregators[name].properties.minimumNorm;
  return {
    weights: Array.from(weights),
    norm2,
    gap,
    minCosine,
    conflictRate,
    effectiveGroups,
    warnings,
    // For minimum-norm aggregators memory is only a warm start: the answer is the same without it.
    ...(memory && !isHint && { memory }),
  };
}

/** A value for a message, not all of it if it is long; JSON.parse makes objects deeper than JSON.stringify can follow. */
function shown(value: unknown): string {
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message;
}

function gramFrom(gram: unknown[] | undefined, gradients: unknown[] | undefined): Float64Array {
  if ((gram === undefined) === (gradients === undefined)) {
    throw new TypeError('expected either "gram" or "gradients"');
  }
  if (gradients) return gramOf(rowsFrom(gradients, 'gradients'));
  const rows = rowsFrom(gram ?? [], 'gram');
  const k = rows.length;
  const square = new Float64Array(k * k);
  for (const [i, row] of rows.entries()) {
    if (row.length !== k)
      throw new RangeError(`gram[${i}] has ${row.length} entries; expected ${k}`);
    square.set(row, i * k);
  }
  return square;
}

function rowsFrom(rows: unknown[], name: string): Float64Array[] {
  if (rows.length === 0) throw new RangeError(`${name} is empty; expected at least one group`);
  if (rows.length > MAX_GROUPS) {
    throw new RangeError(`${name} has ${rows.length} groups; expected at most ${MAX_GROUPS}`);
  }
  return rows.map((row, i) => {
    if (!Array.isArray(row)) throw new TypeError(`${name}[${i}] is not an array`);
    return Float64Array.from(row, (entry: unknown, j) => {
      if (entry === null) return Number.NaN;
      if (typeof entry === 'number') return entry;
      throw new TypeError(`${name}[${i}][${j}] is ${shown(entry)}; expected a number or null`);
    });
  });
}
