import type { SeededDropout } from './operations.ts';

/** Factors of elements 0 … length − 1: 0 if dropped, else 1/(1 − rate). */
export function dropoutFactors({ rate, seed }: SeededDropout, length: number): Float32Array {
  const factors = new Float32Array(length);
  const scale = 1 / (1 - rate);
  const threshold = thresholdOf(rate);
  for (let i = 0; i < length; i++) if (hash(i, seed) >= threshold) factors[i] = scale;
  return factors;
}

/** Elements whose hash is below are dropped; less than 2³². */
export function thresholdOf(rate: number): number {
  return Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
}

/** The finalizer of MurmurHash3 over a Weyl sequence: 32 bits, all of which depend on all of i and seed. */
function hash(i: number, seed: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
