import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { Ascent } from '../../config/techniques/description.ts';
import { measure, type ParameterVector } from '../aggregation/products.ts';

/**
 * Work while the parameters are θ + ε, ε = ρ·T²g/‖Tg‖ with T = |θ| + η coordinate by coordinate, or 1 without an η; then they are θ
 * again, to the bit. Where g is 0 they stay.
 *
 * @param gradients g, one tensor per variable
 */
export async function uphill<T>(
  device: Device,
  variables: readonly tf.Variable[],
  gradients: ParameterVector,
  { radius, eta }: Ascent,
  work: () => Promise<T>,
): Promise<T> {
  const before = tf.tidy(() => variables.map((variable) => tf.keep(tf.clone(variable))));
  try {
    const sizes = (v: number) => (eta === null ? 1 : tf.add(tf.abs(before[v]!), eta));
    const scaled = tf.tidy(() => gradients.map((gradient, v) => tf.mul(gradient, sizes(v))));
    const { norm2 } = await measure(device, scaled, []);
    tf.tidy(() => {
      const factor = norm2 > 0 ? radius / Math.sqrt(norm2) : 0;
      for (const [v, variable] of variables.entries()) {
        variable.assign(tf.add(variable, tf.mul(tf.mul(scaled[v]!, sizes(v)), factor)));
      }
    });
    tf.dispose(scaled);
    return await work();
  } finally {
    for (const [v, variable] of variables.entries()) variable.assign(before[v]!);
    tf.dispose(before);
  }
}
