/** Reads and writes of four floats, or of the fewer that are left. */

const VECTOR: usize = 4;

/** Columns per unit of work of a sum over rows: one cache line. */
export const STRIP: usize = 16;

/** The first `left` of four floats, zeros for the rest. */
export function read4(at: usize, left: usize): v128 {
  if (left >= VECTOR) return v128.load(at);
  if (left === 1) return v128.load32_zero(at);
  const two = v128.load64_zero(at);
  return left === 2 ? two : f32x4.replace_lane(two, 2, load<f32>(at, 8));
}

/** Writes the first `left` of four floats. */
export function write4(at: usize, x: v128, left: usize): void {
  if (left >= VECTOR) {
    v128.store(at, x);
    return;
  }
  store<f32>(at, f32x4.extract_lane(x, 0));
  if (left > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4);
  if (left > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8);
}

/** All bits of the first `left` of four lanes. */
export function lanes(left: usize): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(min(left, VECTOR) as i32));
}

export function sum4(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

export function max4(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
