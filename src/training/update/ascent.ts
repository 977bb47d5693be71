import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { Ascent } from '../../config/techniques/description.ts';
import { disposeOnError } from '../aggregation/disposal.ts';
import { measure, type ParameterVector } from '../aggregation/products.ts';
import { displaced } from './displaced.ts';

/**
 * Work while the parameters are θ + ε, ε = ρ·T²g/‖Tg‖ with T = |θ| + η coordinate by coordinate, or 1 without an η. Where g is 0 they
 * stay.
 *
 * @param gradients g, one tensor per variable
 */
export async function uphill<T>(
  device: Device,
  variables: readonly tf.Variable[],
  gradients: ParameterVector,
  { radius, eta }: Pick<Ascent, 'radius' | 'eta'>,
  work: () => Promise<T>,
): Promise<T> {
  const sizes = (v: number) => (eta === null ? 1 : tf.add(tf.abs(variables[v]!), eta));
  const scaled = tf.tidy(() => gradients.map((gradient, v) => tf.mul(gradient, sizes(v))));
  const { norm2 } = await disposeOnError(scaled, () => measure(device, scaled, []));
  const factor = norm2 > 0 ? radius / Math.sqrt(norm2) : 0;
  const move = () => {
    tf.tidy(() => {
      for (const [v, variable] of variables.entries()) {
        variable.assign(tf.add(variable, tf.mul(tf.mul(scaled[v]!, sizes(v)), factor)));
      }
    });
    tf.dispose(scaled);
  };
  return displaced(variables, move, work);
}
