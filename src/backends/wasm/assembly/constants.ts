/**
 * Coefficients of the approximations, at the start of each thread's scratch. One instruction loads a coefficient into all four
 * lanes; a constant in the code takes three, a third of an approximation's time.
 */
export const CONSTANT_BYTES: usize = 256;

/** Offsets of each function's coefficients. */
export const EXP: usize = 0;
export const CDF: usize = 64;
export const TANH: usize = 112;

export function placeConstants(at: usize): void {
  placeExp(at + EXP);
  placeCdf(at + CDF);
  placeTanh(at + TANH);
}

/** In the order of `exp4`. */
function placeExp(at: usize): void {
  store<f32>(at, -87.3);
  store<f32>(at, 88.0, 4);
  store<f32>(at, Mathf.LOG2E, 8);
  // 1.5·2²³: a number of |n| < 2²² that is added to it is rounded to an integer, in the lowest bits.
  store<f32>(at, 12582912, 12);
  // ln2 in two parts, the first of which has few digits.
  store<f32>(at, -0.693359375, 16);
  store<f32>(at, 2.1219444e-4, 20);
  store<f32>(at, 1.9875691e-4, 24);
  store<f32>(at, 1.3981999e-3, 28);
  store<f32>(at, 8.3334519e-3, 32);
  store<f32>(at, 4.1665796e-2, 36);
  store<f32>(at, 1.6666666e-1, 40);
  store<f32>(at, 0.5, 44);
  store<f32>(at, 1, 48);
}

/** In the order of `normalCdf`, and before them those of `gauss` and of the density. */
function placeCdf(at: usize): void {
  store<f32>(at, -0.5);
  // 1/√(2π).
  store<f32>(at, 0.3989422804, 4);
  store<f32>(at, 1, 8);
  store<f32>(at, Mathf.SQRT1_2 * 0.3275911, 12);
  store<f32>(at, 1.061405429 / 2, 16);
  store<f32>(at, -1.453152027 / 2, 20);
  store<f32>(at, 1.421413741 / 2, 24);
  store<f32>(at, -0.284496736 / 2, 28);
  store<f32>(at, 0.254829592 / 2, 32);
}

/** In the order of `tanh4`. */
function placeTanh(at: usize): void {
  store<f32>(at, -5.70498872745e-3);
  store<f32>(at, 2.06390887954e-2, 4);
  store<f32>(at, -5.37397155531e-2, 8);
  store<f32>(at, 1.33314422036e-1, 12);
  store<f32>(at, -3.33332819422e-1, 16);
  store<f32>(at, 1, 20);
  store<f32>(at, 2, 24);
  store<f32>(at, 0.625, 28);
}
