import assert from 'node:assert/strict';
import type * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import { readAdapter } from '../../../src/hub/peft.ts';
import { openSafetensorsFile } from '../../../src/hub/safetensors/safetensors.ts';
import type { NetworkParameters } from '../../../src/nn/parameters/networkParameters.ts';

import type { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import { assertGradients, distance, farthest, Gradients } from './gradients.ts';

export interface Network {
  readonly model: SequenceModel;
  readonly parameters: NetworkParameters;
}

/** Reads all tensors of a file. */
export async function tensorsOf(file: string): Promise<Map<string, Float32Array>> {
  const tensors = await openSafetensorsFile(file);
  try {
    const entries: [string, Float32Array][] = [];
    for (const name of tensors.names) entries.push([name, await tensors.read(name)]);
    return new Map(entries);
  } finally {
    await tensors.close();
  }
}

/** Checks the standard deviation of values drawn around 0, to five standard errors of it. */
export function assertSpread(tensor: tf.Tensor, expected: number, name: string): void {
  const values = tensor.dataSync<'float32'>();
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const error = expected / Math.sqrt(2 * values.length);
  assert.ok(Math.abs(deviation - expected) < 5 * error, `${name}: ${deviation}`);
}

/** Gives what is trained the values that peft saved, which must be of the same parameters. */
export async function takeAdapters(parameters: NetworkParameters, folder: string): Promise<void> {
  const { tensors } = await readAdapter(folder);
  try {
    const names = parameters.trained.map(({ name }) => name);
    assert.deepEqual(names.sort(), [...tensors.names].sort());
    await parameters.assign(tensors, folder);
  } finally {
    await tensors.close();
  }
}

/**
 * Checks outputs, losses and gradients against those that references.py wrote.
 *
 * @returns the gradients
 */
export async function compare(
  { model, parameters }: Network,
  tokens: TokenBatch,
  targets: readonly number[],
  reference: ReadonlyMap<string, Float32Array>,
): Promise<Gradients> {
  const outputs = await model.outputs(tokens);
  const far = farthest(outputs, reference.get('outputs')!);
  assert.ok(far <= 1e-4, `outputs: ${far}`);
  const sink = new Gradients();
  const losses = await model.gradients(tokens, targets, null, sink);
  assert.ok(distance(losses, reference.get('losses')!, 1) < 1e-4, 'losses');
  const expected = (name: string) => reference.get(`gradient.${name}`)!;
  assertGradients(sink, parameters, expected, 1e-5);
  return sink;
}
