import * as tf from '@tensorflow/tfjs-core';
import { type LayerVariables, type LinearWeight, ModelError } from '../module/model.ts';
import type { Parameter } from '../module/parameter.ts';
import { type ParameterSource, type Role, readWeights, type TensorReader } from './source.ts';
import { isTarget, Submodule } from './submodule.ts';

/** A network and its parameters. */
export interface LoadedNetwork<T> {
  readonly network: T;
  readonly parameters: NetworkParameters;
}

/**
 * Loads or initializes all parameters of a network.
 *
 * @param build requests them, submodule by submodule
 * @throws ModelError if checkpoint and plan do not fit the network; all tensors are disposed of then
 */
export async function loadNetwork<T>(
  source: ParameterSource,
  build: (parameters: NetworkParameters) => Promise<T>,
): Promise<LoadedNetwork<T>> {
  const { layers, plan } = source;
  for (const key of ['freeze', 'reinitialize'] as const) {
    if (plan[key] <= layers) continue;
    throw new ModelError(`${plan[key]} layers, but the network in ${source.file} has ${layers}`, {
      key: ['model', key],
      help: { expected: `at most ${layers}` },
    });
  }
  const parameters = new NetworkParameters(source);
  try {
    const network = await build(parameters);
    parameters.checkTargets();
    return { network, parameters };
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}

/** The parameters of a network, in the order in which they were requested. */
export class NetworkParameters {
  readonly #source: ParameterSource;
  readonly #submodules: Submodule[] = [];

  constructor(source: ParameterSource) {
    this.#source = source;
  }

  /** @param name without the prefix, e.g. `encoder.layer.3` */
  submodule(name: string, role: Role): Submodule {
    const submodule = new Submodule(this.#source, name, role);
    this.#submodules.push(submodule);
    return submodule;
  }

  get all(): readonly Parameter[] {
    return this.#submodules.flatMap(({ parameters }) => parameters);
  }

  /** In the order of `trainable`. */
  get trained(): readonly Parameter[] {
    return this.all.filter(({ trained }) => trained);
  }

  get trainable(): readonly tf.Variable[] {
    return this.trained.map(({ value }) => value as tf.Variable);
  }

  /** Names of the modules whose own weights are trained, not only adapters: peft's `modules_to_save`. */
  get modulesToSave(): readonly string[] {
    return this.#submodules
      .filter(({ trainsOwnWeights }) => trainsOwnWeights)
      .map(({ path }) => path);
  }

  /**
   * Sets the trained parameters to the values of these tensors.
   *
   * @param file of the tensors, for errors
   * @throws ModelError if a tensor is missing or has another shape; no parameter is changed then. Also for a tensor that is not finite
   */
  async assign(tensors: TensorReader, file: string): Promise<void> {
    const names = new Set(tensors.names);
    for (const { name, value } of this.trained) {
      const shape = names.has(name) ? `${tensors.shapeOf(name)}` : null;
      if (shape === `${value.shape}`) continue;
      const actual =
        shape === null ? 'is missing' : `has shape [${shape}] instead of [${value.shape}]`;
      throw new ModelError(`${file} does not belong to this model: tensor ${name} ${actual}`);
    }
    for (const { name, value } of this.trained) {
      const tensor = tf.tensor(await readWeights(tensors, name, file), value.shape, 'float32');
      (value as tf.Variable).assign(tensor);
      tensor.dispose();
    }
  }

  /** Indices in `trainable` of the parameters of the head. */
  get head(): readonly number[] {
    const own = this.#submodules.filter(({ isHead }) => isHead).flatMap((of) => of.parameters);
    return this.trained.flatMap((parameter, index) => (own.includes(parameter) ? index : []));
  }

  /** Weights of linear layers below the head that are trained from the checkpoint's values. */
  get pretrainedLinear(): readonly LinearWeight[] {
    const inputs = new Map(
      this.#submodules
        .filter(({ isHead }) => !isHead)
        .flatMap(({ linearWeights }) =>
          linearWeights.map(({ weight, layout }) => [weight, layout === 'out-in' ? 1 : 0] as const),
        ),
    );
    return this.trained.flatMap((parameter, variable) => {
      const axis = inputs.get(parameter);
      return axis !== undefined && parameter.isPretrained ? { variable, inputs: axis } : [];
    });
  }

  /** Submodules that are trained, with the indices of their variables in `trainable`. */
  get layers(): readonly LayerVariables[] {
    const indices = new Map(this.trained.map((parameter, index) => [parameter, index]));
    return this.#submodules
      .filter(({ trained }) => trained)
      .map(({ name, parameters }) => ({
        name,
        variables: parameters.flatMap((parameter) => indices.get(parameter) ?? []),
      }));
  }

  /** @throws ModelError if a LoRA target matches no linear layer that can have an adapter */
  checkTargets(): void {
    const { file, plan } = this.#source;
    if (!plan.lora) return;
    const adaptable = this.#submodules.flatMap((submodule) => submodule.adaptable);
    const excluded = this.#submodules.flatMap((submodule) => submodule.withoutAdapter);
    for (const [i, target] of plan.lora.targets.entries()) {
      if (adaptable.some((module) => isTarget(module, target))) continue;
      if (excluded.some((module) => isTarget(module, target))) throw this.#allExcluded(target);
      const names = [...adaptable, ...excluded].map((module) => module.split('.').at(-1)!);
      const valid = [...new Set(names)];
      throw new ModelError(`${file} has no linear layer ${target} that can have an adapter`, {
        key: ['model', 'adapter', 'lora', 'targets', i],
        help: { expected: `one of ${valid.join(', ')}`, name: { wrong: target, valid } },
      });
    }
  }

  #allExcluded(target: string): ModelError {
    const { plan } = this.#source;
    const keys = (['freeze', 'reinitialize'] as const).filter((key) => plan[key] > 0);
    const settings = keys.map((key) => `${key}: ${plan[key]}`).join(' and ');
    return new ModelError(
      `no linear layer ${target} is left for adapters: ${settings} ${keys.length > 1 ? 'exclude' : 'excludes'} all of them`,
      {
        key: ['model', keys[0]!],
        help: { expected: 'fewer layers, or no model.adapter' },
      },
    );
  }

  dispose(): void {
    tf.dispose(this.all.map(({ value }) => value));
  }
}
