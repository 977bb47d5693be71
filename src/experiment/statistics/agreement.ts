/** How far runs agree on single examples. */

/** What a run predicts for each validation example, in the same order for all runs. */
export type Answers = readonly (string | number | null)[];

/** Share of the examples for which two runs predict different things (churn; Milani Fard et al. 2016). */
function disagreement(one: Answers, other: Answers): number {
  return one.filter((answer, i) => answer !== other[i]).length / one.length;
}

/** The disagreement of each pair of runs, 0 on the diagonal. */
function churnMatrix(runs: readonly Answers[]): number[][] {
  const matrix = runs.map(() => runs.map(() => 0));
  for (const [i, one] of runs.entries()) {
    for (let j = 0; j < i; j++) {
      const share = disagreement(one, runs[j]!);
      matrix[i]![j] = share;
      matrix[j]![i] = share;
    }
  }
  return matrix;
}

/** For each example, the share of the runs that give its most frequent answer: 1 where all agree. @param runs at least one */
function consistency(runs: readonly Answers[]): number[] {
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
  /** Mean of `matrix` over all pairs of runs. */
  readonly churn: number;
  /** Share of the examples on which each two runs differ. */
  readonly matrix: readonly (readonly number[])[];
  /** As {@link consistency}. */
  readonly consistency: readonly number[];
  /** Share of the examples on which all runs agree. */
  readonly unanimous: number;
  /** Places of the examples on which runs agree least: at most ten. */
  readonly disputed: readonly number[];
}

/** `null` for fewer than two runs. */
export function exampleAgreement(runs: readonly Answers[]): ExampleAgreement | null {
  if (runs.length < 2) return null;
  const matrix = churnMatrix(runs);
  const shares = consistency(runs);
  return {
    churn: matrix.flat().reduce((sum, share) => sum + share, 0) / (runs.length * (runs.length - 1)),
    matrix,
    consistency: shares,
    unanimous: shares.filter((share) => share === 1).length / shares.length,
    disputed: [...shares.keys()]
      .filter((place) => shares[place]! < 1)
      .sort((a, b) => shares[a]! - shares[b]! || a - b)
      .slice(0, DISPUTED),
  };
}
