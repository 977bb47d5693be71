// Registers the gradients of tfjs-core's kernels.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { GroupGradient } from '../module/gradientSource.ts';
import type { Loss } from '../module/loss.ts';
import type { LayerVariables, Model } from '../module/model.ts';
import { readArtifacts, writeArtifacts } from './files.ts';

/** Gradient of the mean loss over the examples (x [n, …input], y [n]). */
export function groupGradient(
  model: TrainableNetwork,
  loss: Loss,
  x: tf.Tensor,
  y: tf.Tensor1D,
): GroupGradient {
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => loss(model.apply(x), y),
        model.trainable as tf.Variable[],
      );
      return { loss: value, gradients: model.trainable.map((variable) => grads[variable.name]!) };
    });
  } catch (error) {
    dropTape();
    throw error;
  }
}

/** Disposes of the tensors that tfjs saved for a backward pass: it does so itself only when the pass succeeds. */
function dropTape(): void {
  const { state } = tf.engine();
  for (const { saved = [] } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}

/** A layers model. Its outputs are logits (classification) or values (regression). */
export class TrainableNetwork implements Model {
  readonly network: tfl.LayersModel;
  readonly trainable: readonly tf.Variable[];
  readonly layers: readonly LayerVariables[];
  readonly head: readonly number[];
  readonly pretrainedLinear = [];
  readonly parameterCount: Model['parameterCount'];

  constructor(network: tfl.LayersModel) {
    this.network = network;
    this.trainable = variables(network.trainableWeights);
    this.layers = network.layers
      .map(({ name, trainableWeights }) => ({
        name,
        variables: variables(trainableWeights).map((variable) => this.trainable.indexOf(variable)),
      }))
      .filter(({ variables: { length } }) => length > 0);
    this.head = this.layers.at(-1)!.variables;
    this.parameterCount = {
      total: count(variables(network.weights)),
      trainable: count(this.trainable),
    };
  }

  /**
   * [n, …input] → [n, outputs]. The caller disposes of the result (or calls within `tf.tidy`). Layers that behave differently in
   * training (dropout, batch normalization) act as in inference: steps are deterministic.
   */
  apply(x: tf.Tensor): tf.Tensor2D {
    return this.network.apply(x, { training: false }) as tf.Tensor2D;
  }

  /** Writes TensorFlow.js's files: model.json and weights.bin. */
  async save(folder: string): Promise<void> {
    await this.network.save(
      tf.io.withSaveHandler(async (artifacts) => {
        await writeArtifacts(folder, artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
  }

  async load(folder: string): Promise<void> {
    const { weightData, weightSpecs } = await readArtifacts(folder);
    const weights = tf.io.decodeWeights(weightData!, weightSpecs!);
    this.network.loadWeights(weights);
    tf.dispose(weights);
  }

  dispose(): void {
    tf.dispose(variables(this.network.weights));
  }
}

/** The variables of tfjs-layers' weights: the type of `read` says tensor, but it returns the variable itself. */
function variables(weights: readonly tfl.LayerVariable[]): tf.Variable[] {
  return weights.map((weight) => weight.read() as tf.Variable);
}

function count(tensors: readonly tf.Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.size, 0);
}
