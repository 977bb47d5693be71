import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { readJson } from '../../hub/checkpointFile.ts';

/** The folder format of TensorFlow.js layers models: model.json beside its weight files. */
const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/** Names of a model's files. */
export async function modelFiles(folder: string): Promise<readonly string[]> {
  const { weightsManifest } = await readModel(folder);
  return [MODEL_FILE, ...weightsManifest.flatMap(({ paths }) => paths)];
}

/** @throws Error if a file is missing, or model.json is not JSON or not a model */
export async function readArtifacts(folder: string): Promise<tf.io.ModelArtifacts> {
  return tf.io.getModelArtifactsForJSON(await readModel(folder), async (manifest) => {
    const files = manifest.flatMap((group) => group.paths);
    const parts = await Promise.all(files.map((file) => readFile(path.join(folder, file))));
    const whole = new Uint8Array(Buffer.concat(parts));
    return [manifest.flatMap((group) => group.weights), whole.buffer];
  });
}

/** The part of model.json read here; TensorFlow.js validates the rest when it builds the model. */
const modelSchema = z.looseObject({
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(
    z.looseObject({
      paths: z.array(z.string()),
      weights: z.array(z.looseObject({ name: z.string() })),
    }),
  ),
});

async function readModel(folder: string): Promise<tf.io.ModelJSON> {
  const json = await readJson(path.join(folder, MODEL_FILE));
  const { success, error } = modelSchema.safeParse(json);
  if (!success) throw new Error(`${MODEL_FILE} is not a layers model: ${z.prettifyError(error)}`);
  return json as tf.io.ModelJSON;
}

/** Writes both files; resolves when they are on disk. */
export async function writeArtifacts(
  folder: string,
  { weightData, weightSpecs, ...model }: tf.io.ModelArtifacts,
): Promise<void> {
  const json: tf.io.ModelJSON = {
    ...model,
    modelTopology: model.modelTopology ?? {},
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs ?? [] }],
  };
  const weights = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData ?? new ArrayBuffer(0)));
  await writeFile(path.join(folder, WEIGHTS_FILE), weights, { flush: true });
  await writeFile(path.join(folder, MODEL_FILE), JSON.stringify(json), { flush: true });
}
