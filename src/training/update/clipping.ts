import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../backends/device.ts';
import type { ClippingFacts } from '../../runs/events.ts';
import { measure, type ParameterVector } from '../aggregation/products.ts';

interface Clipped {
  /** New tensors if `clipping` is present, else those given. */
  readonly gradients: ParameterVector;
  /** Absent if the norm was small enough. */
  readonly clipping?: ClippingFacts;
}

/**
 * Shortens a gradient to the norm `most`, over all variables together, if it is longer: times most/(‖d‖ + 10⁻⁶), as
 * `torch.nn.utils.clip_grad_norm_`. The direction stays, and with it what an aggregator guarantees about ⟨d, gᵢ⟩.
 */
export async function clipNorm(
  device: Device,
  gradients: ParameterVector,
  most: number,
): Promise<Clipped> {
  const { norm2 } = await measure(device, gradients, []);
  const norm = Math.sqrt(norm2);
  const factor = most / (norm + 1e-6);
  if (!(factor < 1)) return { gradients };
  return {
    gradients: tf.tidy(() => gradients.map((part) => tf.mul(part, factor))),
    clipping: { norm, factor },
  };
}
