/**
 * Expected validation performance (Dodge et al. 2019, arXiv:1909.03004): the expected best of m runs drawn with replacement from
 * those there are, for m = 1…n: Σ v₍ᵢ₎·((i/n)^m − ((i − 1)/n)^m) over the values from worst to best.
 */
export function expectedBest(values: readonly number[], better: 'higher' | 'lower'): number[] {
  const n = values.length;
  const sorted = values.toSorted((a, b) => (better === 'higher' ? a - b : b - a));
  return Array.from({ length: n }, (_, budget) =>
    sorted.reduce((sum, value, i) => {
      const weight = ((i + 1) / n) ** (budget + 1) - (i / n) ** (budget + 1);
      return sum + weight * value;
    }, 0),
  );
}
