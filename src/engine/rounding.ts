/** Largest relative error of one rounded float64 operation. */
export const UNIT_ROUNDOFF = 2 ** -53;

/** ε = 8(k+2)u: how far, relative to the size of what is summed, a sum over k groups may be off; see `certify`. */
export function roundingOf(k: number): number {
  return 8 * (k + 2) * UNIT_ROUNDOFF;
}
