// AssemblyScript. What memory can do at most: every byte read once and hardly looked at, or copied. Addresses in bytes.

/** Sum of `bytes` (a multiple of 64) of float32. */
export function read(address: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = address + bytes; address < end; address += 64) {
    s0 = f32x4.add(s0, v128.load(address));
    s1 = f32x4.add(s1, v128.load(address, 16));
    s2 = f32x4.add(s2, v128.load(address, 32));
    s3 = f32x4.add(s3, v128.load(address, 48));
  }
  const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return f32x4.extract_lane(sum, 0);
}

export function copy(address: usize, bytes: usize, to: usize): void {
  memory.copy(to, address, bytes);
}
