/** Wilcoxon's signed-rank test of paired differences. */
import { midranks } from './ranks.ts';

/**
 * Two-sided p of the hypothesis that the differences are symmetric about 0 (Wilcoxon 1945): of all 2ⁿ assignments of signs to the
 * ranks of |dᵢ|, the share whose rank sum is at least as far from its mean as the observed one. Exact, with ties too; zeros are
 * ranked and then left out (Pratt 1959).
 * @param differences up to some hundreds, finite
 * @returns `null` if all are zero
 */
export function signedRankP(differences: readonly number[]): number | null {
  // Twice the mean rank of equals is a whole number.
  const ranks = midranks(differences.map(Math.abs)).map((rank) => 2 * rank);
  const signed = ranks.filter((_, i) => differences[i] !== 0);
  if (signed.length === 0) return null;
  const total = signed.reduce((a, b) => a + b, 0);
  const positive = ranks.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0);
  const shares = rankSumShares(signed, total);
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
