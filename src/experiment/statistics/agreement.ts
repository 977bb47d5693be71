/** How far runs agree on single examples. */

/** What a run predicts for each validation example, in the same order for all runs. */
export type Answers = readonly (string | number | null)[];

/** Share of the examples for which two runs predict different things (churn; Milani Fard et al. 2016). */
export function disagreement(one: Answers, other: Answers): number {
  return one.filter((answer, i) => answer !== other[i]).length / one.length;
}

/** Mean of the disagreement over all pairs of runs; `null` for fewer than two. */
export function churn(runs: readonly Answers[]): number | null {
  const pairs = runs.flatMap((one, i) =>
    runs.slice(i + 1).map((other) => disagreement(one, other)),
  );
  return pairs.length === 0 ? null : pairs.reduce((sum, share) => sum + share, 0) / pairs.length;
}

/** For each example, the share of the runs that give its most frequent answer: 1 where all agree. @param runs at least one */
export function consistency(runs: readonly Answers[]): number[] {
  return runs[0]!.map((_, example) => {
    const counts = new Map<Answers[number], number>();
    for (const answers of runs) {
      const answer = answers[example]!;
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    return Math.max(...counts.values()) / runs.length;
  });
}

/** Most examples that are named. */
const DISPUTED = 10;

export interface ExampleAgreement {
  /** As {@link churn}. */
  readonly churn: number;
  /** As {@link consistency}. */
  readonly consistency: readonly number[];
  /** Share of the examples on which all runs agree. */
  readonly unanimous: number;
  /** Places of the examples on which runs agree least: at most ten. */
  readonly disputed: readonly number[];
}

/** `null` for fewer than two runs. */
export function exampleAgreement(runs: readonly Answers[]): ExampleAgreement | null {
  const mean = churn(runs);
  if (mean === null) return null;
  const shares = consistency(runs);
  return {
    churn: mean,
    consistency: shares,
    unanimous: shares.filter((share) => share === 1).length / shares.length,
    disputed: [...shares.keys()]
      .filter((place) => shares[place]! < 1)
      .sort((a, b) => shares[a]! - shares[b]! || a - b)
      .slice(0, DISPUTED),
  };
}
