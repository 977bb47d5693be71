/** Largest relative error of one rounded float64 operation. */
export const UNIT_ROUNDOFF = 2 ** -53;
