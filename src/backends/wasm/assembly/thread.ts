/** Shared by all kernels: the thread's share of the work, its scratch, and fused multiply-add. */
import { CONSTANT_BYTES, placeConstants } from './constants';

/** In a global, not in memory: each thread has its own instance and so its own scratch. */
let own: usize = 0;

/** Sets the address of this thread's private scratch. */
export function useScratch(at: usize): void {
  own = at;
  placeConstants(at);
}

export function constants(): usize {
  return own;
}

export function scratch(): usize {
  return own + CONSTANT_BYTES;
}

/** Start of part `part` of `parts`, if `count` items are divided in whole units. */
export function share(count: usize, unit: usize, part: usize, parts: usize): usize {
  const units = (count + unit - 1) / unit;
  return min(count, ((units * part) / parts) * unit);
}

/** a·b + c, rounded once if the processor supports it, else twice. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Whether `madd` rounds once: then x² − (x² rounded) is the rounding error, which is not 0. */
export function isFused(x: f32): bool {
  const lost = madd(f32x4.splat(x), f32x4.splat(x), f32x4.splat(-(x * x)));
  return f32x4.extract_lane(lost, 0) !== 0;
}
