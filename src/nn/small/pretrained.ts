import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { messageOf } from '../../config/errors.ts';
import { ModelError, type ModelShape } from '../module/model.ts';
import { readArtifacts } from './files.ts';
import { denseHead, layerSeeds } from './fromScratch.ts';

/**
 * Loads a saved TensorFlow.js layers model and adapts it to the data.
 *
 * @param head `keep`: it must have as many outputs as the task needs; `new`: its last layer is replaced by a newly initialized
 * one; undefined: kept if it fits
 */
export async function pretrained(
  folder: string,
  head: 'keep' | 'new' | undefined,
  shape: ModelShape,
  seed: number,
): Promise<tfl.LayersModel> {
  const saved = await load(folder);
  const [input, output] = [onlyOne(saved.inputs, 'input'), onlyOne(saved.outputs, 'output')];
  const accepts = input.shape.slice(1);
  if (!fits(accepts, shape.input)) {
    throw new ModelError(
      `the model in ${folder} expects examples of shape [${accepts}], but they have [${shape.input}]`,
    );
  }
  const outputs = output.shape.at(-1)!;
  const chosen = head ?? (outputs === shape.outputs ? 'keep' : 'new');
  if (chosen === 'new') return withNewHead(saved, shape.outputs, seed);
  if (output.shape.length !== 2 || outputs !== shape.outputs) {
    throw new ModelError(
      `the model in ${folder} has outputs of shape [${output.shape.slice(1)}], but the task needs [${shape.outputs}]. Set model.head: new`,
    );
  }
  return saved;
}

async function load(folder: string): Promise<tfl.LayersModel> {
  try {
    const artifacts = await readArtifacts(folder);
    if (artifacts.format === 'graph-model') {
      throw new Error('it is a graph model, which cannot be trained; convert it to a layers model');
    }
    const model = await tfl.loadLayersModel(tf.io.fromMemory(withoutSoftmax(artifacts)));
    await checkFinite(model);
    return model;
  } catch (error) {
    const why = messageOf(error);
    throw new ModelError(`the model in ${folder} cannot be read: ${why}`, { cause: error });
  }
}

/** @throws Error naming the first weight that is not finite */
async function checkFinite({ weights }: tfl.LayersModel): Promise<void> {
  for (const weight of weights) {
    const values = await weight.read().data();
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index < 0) continue;
    throw new Error(
      `weight ${weight.originalName} contains ${values[index]}, first at element ${index} of ${values.length}`,
    );
  }
}

interface Topology {
  model_config?: Topology;
  config: LayerConfig[] | { layers: LayerConfig[]; output_layers?: [name: string][] };
}
interface LayerConfig {
  class_name: string;
  config: { name: string; activation?: string };
}

/** Removes a softmax from the last layer: the loss expects logits and applies it itself. */
function withoutSoftmax(artifacts: tf.io.ModelArtifacts): tf.io.ModelArtifacts {
  const modelTopology = structuredClone(artifacts.modelTopology) as Topology;
  const { config } = modelTopology.model_config ?? modelTopology;
  const layers = Array.isArray(config) ? config : config.layers;
  const outputName = Array.isArray(config) ? undefined : config.output_layers?.[0]?.[0];
  const last = layers.find((layer) => layer.config.name === outputName) ?? layers.at(-1);
  if (last?.class_name === 'Softmax' || (last?.class_name === 'Activation' && isSoftmax(last))) {
    throw new Error(
      'it ends in a separate softmax layer, but training needs logits; save it without that layer',
    );
  }
  if (last && isSoftmax(last)) last.config.activation = 'linear';
  return { ...artifacts, modelTopology };
}

function isSoftmax(layer: LayerConfig): boolean {
  return layer.config.activation === 'softmax';
}

/** The same network with its last layer replaced by a newly initialized dense layer. */
function withNewHead(saved: tfl.LayersModel, outputs: number, seed: number): tfl.LayersModel {
  const old = saved.outputs[0]!.sourceLayer;
  const features = old.input as tfl.SymbolicTensor;
  if (features.shape.length !== 2) {
    throw new ModelError(
      `the last layer of the model, ${old.name}, cannot be replaced by a new head: its input has the shape [${features.shape.slice(1)}] instead of being a vector`,
    );
  }
  const head = denseHead(outputs, layerSeeds(seed)());
  const network = tfl.model({
    inputs: saved.inputs,
    outputs: head.apply(features) as tfl.SymbolicTensor,
  });
  for (const weight of old.weights) weight.dispose();
  return network;
}

function onlyOne(tensors: readonly tfl.SymbolicTensor[], what: string): tfl.SymbolicTensor {
  if (tensors.length !== 1) {
    throw new ModelError(
      `the saved model has ${tensors.length} ${what}s, but only one is supported`,
    );
  }
  return tensors[0]!;
}

/** `null` in a shape stands for any length. */
function fits(accepts: readonly (number | null)[], shape: readonly number[]): boolean {
  return (
    accepts.length === shape.length &&
    accepts.every((length, axis) => length === null || length === shape[axis])
  );
}
