import { share } from './thread';
import { read4, write4 } from './vectors';

/** z = x + y of n elements. */
export function add(x: usize, y: usize, z: usize, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts);
  for (let i = share(n, 4, part, parts); i < last; i += 4) {
    const at = i << 2;
    write4(z + at, f32x4.add(read4(x + at, n - i), read4(y + at, n - i)), n - i);
  }
}
