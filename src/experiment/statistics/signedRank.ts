/** Wilcoxon's signed-rank test of paired differences. */

/**
 * Two-sided p of the hypothesis that the differences are symmetric about 0 (Wilcoxon 1945): of all 2ⁿ assignments of signs to the
 * ranks of |dᵢ|, the share whose rank sum is at least as far from its mean as the observed one. Exact, with ties too; zeros are
 * ranked and then left out (Pratt 1959).
 * @param differences up to some hundreds, finite
 * @returns `null` if all are zero
 */
export function signedRankP(differences: readonly number[]): number | null {
  const sizes = differences.map(Math.abs).sort((a, b) => a - b);
  // Twice the mean rank of equals is a whole number.
  const doubledRank = (value: number) =>
    sizes.indexOf(Math.abs(value)) + sizes.lastIndexOf(Math.abs(value)) + 2;
  const nonZero = differences.filter((value) => value !== 0);
  if (nonZero.length === 0) return null;
  const ranks = nonZero.map(doubledRank);
  const total = ranks.reduce((a, b) => a + b, 0);
  const positive = nonZero.reduce((sum, value, i) => sum + (value > 0 ? ranks[i]! : 0), 0);
  const shares = rankSumShares(ranks, total);
  const distance = Math.abs(2 * positive - total);
  let p = 0;
  for (const [sum, share] of shares.entries()) {
    if (Math.abs(2 * sum - total) >= distance) p += share;
  }
  return Math.min(1, p);
}

/** Of all assignments of signs, the share with each sum of positive ranks. */
function rankSumShares(ranks: readonly number[], total: number): Float64Array {
  const shares = new Float64Array(total + 1);
  shares[0] = 1;
  let most = 0;
  for (const rank of ranks) {
    most += rank;
    for (let sum = most; sum >= 0; sum--) {
      shares[sum] = (shares[sum]! + (sum >= rank ? shares[sum - rank]! : 0)) / 2;
    }
  }
  return shares;
}
