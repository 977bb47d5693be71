/** The trainer's kernels that the measured step needs, and one that it does not have: plain descent. */
import { madd, share } from '../../../src/backends/wasm/assembly/thread';

export * from '../../../src/backends/wasm/assembly/activations';
export * from '../../../src/backends/wasm/assembly/attention';
export * from '../../../src/backends/wasm/assembly/elementwise';
export * from '../../../src/backends/wasm/assembly/groupedProduct';
export * from '../../../src/backends/wasm/assembly/norms';
export * from '../../../src/backends/wasm/assembly/product';
export * from '../../../src/backends/wasm/assembly/scratch';
export * from '../../../src/backends/wasm/assembly/sums';
export * from '../../../src/backends/wasm/assembly/thread';

/** w −= rate·g. */
export function descend(w: usize, g: usize, rate: f32, n: usize, part: usize, parts: usize): void {
  const last = share(n, 4, part + 1, parts) << 2;
  const step = f32x4.splat(-rate);
  const whole = min(last, (n << 2) & ~15);
  let at = share(n, 4, part, parts) << 2;
  for (; at < whole; at += 16) v128.store(w + at, madd(v128.load(g + at), step, v128.load(w + at)));
  for (; at < last; at += 4) store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
}
