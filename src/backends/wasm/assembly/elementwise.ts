import { share } from './thread';

/** z = x + y of n elements. */
export function add(x: usize, y: usize, z: usize, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts);
  let i = share(n, 4, part, parts);
  for (const whole = last & ~3; i < whole; i += 4) {
    const at = i << 2;
    v128.store(z + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
  for (; i < last; i++) {
    const at = i << 2;
    store<f32>(z + at, load<f32>(x + at) + load<f32>(y + at));
  }
}
