/** The weights in a run's checkpoint as arrays by name, whoever trained them: to read, and to write into a copy of it. */

import { existsSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  openSafetensorsFile,
  WEIGHTS_FILE,
  writeSafetensors,
} from '../../hub/safetensors/safetensors.ts';
import { readArtifacts } from '../../nn/small/files.ts';

export type Weights = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly values: Float32Array }
>;

const LAYERS_FILE = 'weights.bin';
/** A whole model's or an adapter's. */
const TENSOR_FILES = [WEIGHTS_FILE, 'adapter_model.safetensors'];

/** @throws Error if the checkpoint has none, or they are in several files */
export async function readWeights(folder: string): Promise<Weights> {
  const file = fileOf(folder);
  if (file === LAYERS_FILE) return readLayers(folder);
  const tensors = await openSafetensorsFile(path.join(folder, file));
  try {
    const weights: [string, { shape: readonly number[]; values: Float32Array }][] = [];
    for (const name of tensors.names) {
      weights.push([name, { shape: tensors.shapeOf(name), values: await tensors.read(name) }]);
    }
    return new Map(weights);
  } finally {
    await tensors.close();
  }
}

/** A copy of a checkpoint with these weights, of its own names and shapes, instead of its own. @param to does not exist */
export async function copyWith(folder: string, weights: Weights, to: string): Promise<void> {
  await cp(folder, to, { recursive: true });
  const file = path.join(to, fileOf(folder));
  if (path.basename(file) !== LAYERS_FILE) {
    const tensors = Array.from(weights, ([name, weight]) => ({ name, ...weight }));
    return writeSafetensors(file, tensors);
  }
  const bytes = Array.from(weights.values(), ({ values }) => Buffer.from(values.slice().buffer));
  await writeFile(file, Buffer.concat(bytes));
}

function fileOf(folder: string): string {
  const file = [...TENSOR_FILES, LAYERS_FILE].find((name) => existsSync(path.join(folder, name)));
  if (file === undefined) {
    throw new Error(`${folder} has no ${TENSOR_FILES.join(', ')} or ${LAYERS_FILE}`);
  }
  return file;
}

/** A layers model's, all in float32, one after another. */
async function readLayers(folder: string): Promise<Weights> {
  const { weightData, weightSpecs = [] } = await readArtifacts(folder);
  const bytes = weightData as ArrayBuffer;
  let at = 0;
  return new Map(
    weightSpecs.map(({ name, shape }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = new Float32Array(bytes.slice(at, at + 4 * size));
      at += 4 * size;
      return [name, { shape, values }];
    }),
  );
}
