/** How far the seeds of each method agree on single validation examples. */
import * as z from 'zod';
import type { Prediction } from '../runs/predictions.ts';
import { comparedAnswer } from './predictions/comparedAnswer.ts';
import { type Answers, exampleAgreement } from './statistics/agreement.ts';

export const agreementSchema = z.object({
  method: z.string(),
  runs: z.number(),
  examples: z.number(),
  /** Share of the examples on which two runs differ, over all pairs of runs. */
  churn: z.number(),
  /** Of the runs, in the order of `matrix`. */
  seeds: z.array(z.string()),
  /** Share of the examples on which two runs differ, for each pair of seeds; 0 on the diagonal. */
  matrix: z.array(z.array(z.number())),
  /** Share of the examples on which all runs agree. */
  unanimous: z.number(),
  /** For each example, the share of the runs that give its most frequent answer, in the order of the validation file. */
  consistency: z.array(z.number()),
  /** The examples on which runs agree least, by their index in the validation file: at most ten. */
  disputed: z.array(
    z.object({
      index: z.number(),
      agreement: z.number(),
      target: z.string(),
      /** Each answer and how many runs give it, the most frequent first. */
      answers: z.array(z.object({ answer: z.string().nullable(), runs: z.number() })),
    }),
  ),
});

export type Agreement = z.infer<typeof agreementSchema>;

/**
 * Of classes and final answers; values of a regression never agree exactly, and are left out.
 * @param runs predictions of one method's runs on the same validation examples, by seed
 * @param marker the config's `answerAfter`
 * @returns `null` for fewer than two runs with predictions
 */
export function agreementOf(
  method: string,
  runs: ReadonlyMap<string, readonly Prediction[]>,
  marker: string | undefined,
): Agreement | null {
  const [first] = runs.values();
  if (!first || typeof first[0]?.target !== 'string') return null;
  const alike = [...runs].filter(([, run]) => run.length === first.length);
  const answers: Answers[] = alike.map(([, run]) =>
    run.map((prediction) => comparedAnswer(prediction, 'prediction', marker)),
  );
  const found = exampleAgreement(answers);
  if (!found) return null;
  const { consistency } = found;
  return {
    method,
    runs: alike.length,
    examples: first.length,
    churn: found.churn,
    seeds: alike.map(([seed]) => seed),
    matrix: found.matrix.map((row) => [...row]),
    unanimous: found.unanimous,
    consistency: [...consistency],
    disputed: found.disputed.map((place) => {
      const target = String(comparedAnswer(first[place]!, 'target', marker) ?? '');
      const given = answers.map((run) => run[place]!);
      const { index } = first[place]!;
      return { index, agreement: consistency[place]!, target, answers: countsOf(given) };
    }),
  };
}

function countsOf(answers: Answers): Agreement['disputed'][number]['answers'] {
  const counts = new Map<string | null, number>();
  for (const each of answers) {
    const answer = each === null ? null : String(each);
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return [...counts].map(([answer, runs]) => ({ answer, runs })).sort((a, b) => b.runs - a.runs);
}
