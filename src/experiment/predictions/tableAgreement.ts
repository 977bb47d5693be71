/** How far the seeds of a method agree on single examples, and on which they agree least. */
import type { RunSummary } from '../../runs/store.ts';
import { exampleAgreement } from '../statistics/agreement.ts';
import { ExampleTable } from './exampleTable.ts';
import { readSeeds } from './readSeeds.ts';
import { Vocabulary } from './runPredictions.ts';

export interface TableAgreement {
  readonly runs: number;
  readonly examples: number;
  /** Share of the examples on which two runs differ, over all pairs of runs, 0…1. */
  readonly churn: number;
  /** Of the runs, in the order of `matrix`. */
  readonly seeds: readonly string[];
  /** Share of the examples on which two runs differ, for each pair of seeds; 0 on the diagonal. */
  readonly matrix: readonly (readonly number[])[];
  /** Share of the examples on which all runs agree, 0…1. */
  readonly unanimous: number;
  /** Those on which they agree least, at most ten. */
  readonly disputed: readonly {
    /** Its place among the validation examples, from 0. */
    readonly index: number;
    readonly target: string;
    /** Each prediction and how many runs make it, the most frequent first. */
    readonly answers: readonly { readonly answer: string | null; readonly runs: number }[];
  }[];
}

/** Characters of an answer that is generated. */
const SHOWN = 80;

/**
 * @param runs of one method, by seed
 * @returns null for fewer than two runs with predictions of the same examples, and for values, which never agree exactly
 */
export async function agreementIn(runs: readonly RunSummary[]): Promise<TableAgreement | null> {
  const vocabulary = new Vocabulary();
  const seeds = await readSeeds(runs, vocabulary);
  if (seeds.length < 2) return null;
  const table = new ExampleTable(seeds, vocabulary);
  if (table.kind === 'values') return null;
  const answers = table.seeds.map(({ predictions }) =>
    Array.from(predictions.predictions, (code) => (Number.isNaN(code) ? null : code)),
  );
  const agreement = exampleAgreement(answers);
  if (!agreement) return null;
  const view = table.view(null);
  const textOf = (value: number) => table.text(value)?.slice(0, SHOWN) ?? null;
  return {
    runs: table.seeds.length,
    examples: table.count,
    churn: agreement.churn,
    seeds: table.seeds.map(({ seed }) => seed),
    matrix: agreement.matrix,
    unanimous: agreement.unanimous,
    disputed: agreement.disputed.map((place) => ({
      index: table.indices[place]!,
      target: textOf(table.targets[place]!) ?? '',
      answers: view
        .answers(place)
        .map(({ value, seeds }) => ({ answer: textOf(value), runs: seeds })),
    })),
  };
}
