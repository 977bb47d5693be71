/** How far the seeds of each method agree on single validation examples. */
import { z } from 'zod';
import type { Prediction } from '../runs/predictions.ts';
import { type Answers, churn, consistency } from './statistics/agreement.ts';

export const agreementSchema = z.object({
  method: z.string(),
  runs: z.number(),
  examples: z.number(),
  /** Share of the examples on which two runs differ, over all pairs of runs. */
  churn: z.number(),
  /** Share of the examples on which all runs agree. */
  unanimous: z.number(),
  /** The examples on which runs agree least, by their index in the validation file: at most ten. */
  disputed: z.array(z.object({ index: z.number(), agreement: z.number() })),
});

export type Agreement = z.infer<typeof agreementSchema>;

const DISPUTED = 10;

/**
 * Of classes and generated answers; values of a regression never agree exactly, and are left out.
 * @param runs of one method, on the same validation examples
 * @returns `null` for fewer than two runs with predictions
 */
export function agreementOf(
  method: string,
  runs: readonly (readonly Prediction[])[],
): Agreement | null {
  const [first] = runs;
  if (!first || typeof first[0]?.target !== 'string') return null;
  const alike = runs.filter((run) => run.length === first.length);
  const answers: Answers[] = alike.map((run) => run.map(({ prediction }) => prediction));
  const disagreement = churn(answers);
  if (disagreement === null) return null;
  const shares = consistency(answers);
  return {
    method,
    runs: alike.length,
    examples: first.length,
    churn: disagreement,
    unanimous: shares.filter((share) => share === 1).length / shares.length,
    disputed: shares
      .map((agreement, i) => ({ index: first[i]!.index, agreement }))
      .filter(({ agreement }) => agreement < 1)
      .sort((a, b) => a.agreement - b.agreement || a.index - b.index)
      .slice(0, DISPUTED),
  };
}
