import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../huggingface/safetensors.ts';
import { ModelError } from '../models/model.ts';
import type { Parameter } from './parameter.ts';
import type { TensorReader } from './parameters.ts';

/** What parameters are now, on the host. */
export async function readValues(parameters: readonly Parameter[]): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for (const { name, value } of parameters) {
    tensors.push({ name, shape: value.shape, values: await value.data<'float32'>() });
  }
  return tensors;
}

/**
 * Sets trained parameters to what was saved of them.
 *
 * @param file named in errors
 * @throws ModelError where one is missing or of another shape; nothing is set then
 */
export async function takeValues(
  parameters: readonly Parameter[],
  tensors: TensorReader,
  file: string,
): Promise<void> {
  for (const { name, value } of parameters) {
    const found = tensors.names.includes(name) ? `[${tensors.shapeOf(name)}]` : 'none';
    if (found === `[${value.shape}]`) continue;
    throw new ModelError(
      `${file} is not of this model: ${name} has the shape [${value.shape}], there it has ${found}`,
    );
  }
  for (const { name, value } of parameters) {
    const saved = tf.tensor(await tensors.read(name), value.shape);
    (value as tf.Variable).assign(saved);
    saved.dispose();
  }
}
