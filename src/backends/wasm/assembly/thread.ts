/** What every kernel needs: this thread's share of the work, its scratch, and a product and sum in one. */
import { CONSTANT_BYTES, placeConstants } from './constants';

/** In a global, not in memory: each thread has an instance, and so a scratch, of its own. */
let own: usize = 0;

/** Says where this thread may write what nobody else is to see. */
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

/** Where part `part` of `parts` begins, if `count` things are shared out in whole units. */
export function share(count: usize, unit: usize, part: usize, parts: usize): usize {
  const units = (count + unit - 1) / unit;
  return min(count, ((units * part) / parts) * unit);
}

/** a·b + c, rounded once where the processor can, else twice. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Whether `madd` rounds once: x² − (x² rounded) is then what the rounding lost, which must not be nothing. */
export function isFused(x: f32): bool {
  const lost = madd(f32x4.splat(x), f32x4.splat(x), f32x4.splat(-(x * x)));
  return f32x4.extract_lane(lost, 0) !== 0;
}
