import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, WeightLayout } from '../../backends/operations/operations.ts';
import type { Adapter, Linear } from '../layers/linear.ts';
import { ModelError } from '../module/model.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Vector } from '../module/pass.ts';
import { type Initializer, initialValues } from './initializers.ts';
import { checkFloats, type ParameterSource, type Role, readWeights } from './source.ts';

interface LinearOptions {
  readonly layout?: WeightLayout;
  readonly bias?: boolean;
  /** Standard deviation of newly initialized weights; default: the network's. */
  readonly range?: number;
}

/** peft's names of an adapter's matrices. */
const ADAPTER = /\.lora_[AB]\.weight$/;

/** A submodule of a network, which loads or initializes its parameters. */
export class Submodule {
  readonly name: string;
  /** Name with the prefix. */
  readonly path: string;
  readonly parameters: Parameter[] = [];
  /** The weights of its linear layers. */
  readonly linearWeights: { readonly weight: Parameter; readonly layout: WeightLayout }[] = [];
  /** Names of its linear layers that can have adapters. */
  readonly adaptable: string[] = [];
  /** Names of its linear layers that cannot, because they are frozen or newly initialized. */
  readonly withoutAdapter: string[] = [];
  readonly #source: ParameterSource;
  readonly #role: Role;

  constructor(source: ParameterSource, name: string, role: Role) {
    this.name = name;
    this.#source = source;
    this.#role = role;
    this.path = (role === 'head' || role === 'output' ? '' : source.prefix) + name;
  }

  get isHead(): boolean {
    return this.#role === 'head';
  }

  get trained(): boolean {
    return this.parameters.some(({ trained }) => trained);
  }

  /** Whether its own weights are trained, not only adapters. */
  get trainsOwnWeights(): boolean {
    return this.parameters.some(({ name, trained }) => trained && !ADAPTER.test(name));
  }

  /** @param name below the submodule's; may be empty */
  async linear(
    name: string,
    inputs: number,
    outputs: number,
    { layout = 'out-in', bias = true, range }: LinearOptions = {},
  ): Promise<Linear> {
    const shape: [number, number] = layout === 'out-in' ? [outputs, inputs] : [inputs, outputs];
    const weight = await this.matrix(joined(name, 'weight'), shape, range);
    this.linearWeights.push({ weight, layout });
    const module = joined(this.path, name);
    const isExcluded = this.#isFrozen || (this.#isFresh && this.#role !== 'head');
    if (isExcluded) this.withoutAdapter.push(module);
    return {
      weight,
      bias: bias ? await this.vector(joined(name, 'bias'), outputs, 'zeros') : null,
      layout,
      // If the weight itself is trained, an adapter would add nothing.
      adapter: isExcluded || weight.trained ? null : this.#adapter(module, inputs, outputs),
    };
  }

  async norm(
    name: string,
    width: number,
  ): Promise<{ gamma: Parameter<Vector>; beta: Parameter<Vector> }> {
    return {
      gamma: await this.vector(joined(name, 'weight'), width, 'ones'),
      beta: await this.vector(joined(name, 'bias'), width, 'zeros'),
    };
  }

  /** @param range standard deviation of newly initialized values */
  matrix(
    name: string,
    shape: readonly [number, number],
    range = this.#source.initializerRange,
  ): Promise<Parameter<Matrix>> {
    return this.#get(name, shape, { normal: range });
  }

  vector(name: string, length: number, initial: 'zeros' | 'ones'): Promise<Parameter<Vector>> {
    return this.#get(name, [length], initial);
  }

  async #get<T extends tf.Tensor>(
    name: string,
    shape: readonly number[],
    initial: Initializer,
  ): Promise<Parameter<T>> {
    const full = joined(this.path, name);
    const { checksOnly, tensors, file } = this.#source;
    const isFresh = this.#isFresh || checksOnly === 'plan';
    const stored = isFresh ? undefined : this.#stored(full, shape);
    if (checksOnly) {
      if (stored !== undefined) checkFloats(tensors, stored, file);
      return this.#add(full, shape, null, { trained: this.#isTrained, isPretrained: true });
    }
    const values =
      stored === undefined
        ? initialValues(initial, shape, full, this.#source.plan.seed)
        : await readWeights(tensors, stored, file);
    const isPretrained = stored !== undefined;
    const trained = this.#isTrained || !isPretrained;
    return this.#add(full, shape, values, { trained, isPretrained });
  }

  #adapter(module: string, inputs: number, outputs: number): Adapter | null {
    const { plan, checksOnly } = this.#source;
    const { lora, seed } = plan;
    if (!lora) return null;
    this.adaptable.push(module);
    if (!lora.targets.some((target) => isTarget(module, target))) return null;
    const initialized = (
      part: string,
      shape: [number, number],
      initial: Initializer,
    ): Parameter<Matrix> => {
      const full = `${module}.${part}.weight`;
      const values = checksOnly ? null : initialValues(initial, shape, full, seed);
      return this.#add(full, shape, values, { trained: true, isPretrained: false });
    };
    return {
      down: initialized('lora_A', [lora.rank, inputs], 'kaiming'),
      up: initialized('lora_B', [outputs, lora.rank], 'zeros'),
      scale: lora.alpha / lora.rank,
      dropout: lora.dropout,
    };
  }

  #add<T extends tf.Tensor>(
    name: string,
    shape: readonly number[],
    values: Float32Array | null,
    kind: Pick<Parameter, 'trained' | 'isPretrained'>,
  ): Parameter<T> {
    const value = tensorFor<T>(shape, values, kind.trained);
    const parameter = { name, value, ...kind };
    this.parameters.push(parameter);
    return parameter;
  }

  /**
   * The tensor's name in the checkpoint; undefined if it is optional and missing.
   *
   * @throws ModelError if it is missing, or has another shape
   */
  #stored(name: string, shape: readonly number[]): string | undefined {
    const { tensors, file } = this.#source;
    const found = this.#storedNames(name).find((candidate) => tensors.names.includes(candidate));
    if (found === undefined) {
      if (this.#role === 'pooler') return undefined;
      throw this.#mismatch(`${file} has no tensor ${name} of shape [${shape}]`);
    }
    const actual = tensors.shapeOf(found);
    if (`${actual}` === `${shape}`) return found;
    throw this.#mismatch(`${file}: tensor ${found} has shape [${actual}] instead of [${shape}]`);
  }

  /** An error for a checkpoint that does not fit the network: only its head may be initialized anew. */
  #mismatch(message: string): ModelError {
    return this.#role === 'head'
      ? new ModelError(message, {
          key: ['model', 'head'],
          help: { expected: 'head: new, or a checkpoint with a head for this task' },
        })
      : new ModelError(message, {
          key: ['model', 'from'],
          help: { expected: 'a checkpoint whose weights match its config.json' },
        });
  }

  /** Possible names in a checkpoint: with and without the prefix, and TensorFlow's names of norms in older checkpoints. */
  #storedNames(name: string): readonly string[] {
    const { prefix } = this.#source;
    const names = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
    const tensorflowName = (norm: string) =>
      norm.replace(/(?<=LayerNorm\.)weight$/, 'gamma').replace(/(?<=LayerNorm\.)bias$/, 'beta');
    return [...names, ...names.map(tensorflowName)];
  }

  get #isFresh(): boolean {
    const { plan, layers } = this.#source;
    switch (this.#role) {
      case 'input':
      case 'norm':
      case 'output':
        return false;
      case 'pooler':
        return plan.reinitialize > 0;
      case 'head':
        return plan.newHead;
      default:
        return this.#role.layer >= layers - plan.reinitialize;
    }
  }

  get #isTrained(): boolean {
    const { lora } = this.#source.plan;
    return this.#isFresh || this.#role === 'head' || (lora === null && !this.#isFrozen);
  }

  get #isFrozen(): boolean {
    const { freeze } = this.#source.plan;
    if (this.#role === 'input') return freeze > 0;
    return typeof this.#role === 'object' && this.#role.layer < freeze;
  }
}

function joined(...names: readonly string[]): string {
  return names.filter((name) => name !== '').join('.');
}

/** Matches as peft's target_modules. */
export function isTarget(module: string, target: string): boolean {
  return module === target || module.endsWith(`.${target}`);
}

/** @param values null if the network is only checked */
function tensorFor<T extends tf.Tensor>(
  shape: readonly number[],
  values: Float32Array | null,
  trained: boolean,
): T {
  if (values === null) return { shape } as unknown as T;
  const tensor = tf.tensor(values, [...shape], 'float32');
  return (trained ? variableOf(tensor) : tensor) as tf.Tensor as T;
}

function variableOf(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}
