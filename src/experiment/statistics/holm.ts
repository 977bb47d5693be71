/**
 * p values adjusted for how many there are (Holm 1979): among all that are at most 0.05, the chance of a single false one is at
 * most 5 %.
 * @param ps 0…1; `null` for a test that could not be made, which counts for nothing
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps
    .map((p, i) => ({ p, i }))
    .filter((test): test is { p: number; i: number } => test.p !== null)
    .sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = ps.map(() => null);
  let least = 0;
  for (const [rank, { p, i }] of order.entries()) {
    least = Math.max(least, Math.min(1, (order.length - rank) * p));
    adjusted[i] = least;
  }
  return adjusted;
}
