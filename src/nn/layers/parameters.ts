import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, WeightLayout } from '../../backends/operations/operations.ts';
import { type LayerVariables, ModelError } from '../module/model.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Vector } from '../module/pass.ts';
import { type Initial, initialValues } from './initial.ts';
import type { Adapter, Linear } from './linear.ts';
import type { Plan } from './plan.ts';

/** Tensors of a checkpoint by name. */
export interface TensorReader {
  readonly names: readonly string[];
  shapeOf(name: string): readonly number[];
  /** Row-major. */
  read(name: string): Promise<Float32Array>;
}

/** A checkpoint and what is to become of it. */
export interface Source {
  readonly tensors: TensorReader;
  /** Named in errors. */
  readonly file: string;
  /** Of the names of the network below its head, such as `bert.`; checkpoints of that alone leave it out. */
  readonly prefix: string;
  /** Layers of the network, between its embeddings and its head. */
  readonly layers: number;
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number;
  readonly plan: Plan;
}

/** A network, and its parameters in the order in which it asked for them. */
export interface Network<T> {
  readonly network: T;
  readonly parameters: Parameters;
}

/**
 * Where in the network: `norm` is what comes between the last layer and the head, `output` a language model's head, which its
 * checkpoint has and which is trained with the rest.
 */
export type Place = 'input' | { readonly layer: number } | 'norm' | 'pooler' | 'output' | 'head';

/**
 * Reads or makes all parameters of a network.
 *
 * @param build asks for them, section by section
 * @throws ModelError where checkpoint and plan do not give that network; nothing is left behind then
 */
export async function readParameters<T>(
  source: Source,
  build: (parameters: Parameters) => Promise<T>,
): Promise<Network<T>> {
  const { layers, plan } = source;
  for (const key of ['freeze', 'reinitialize'] as const) {
    if (plan[key] <= layers) continue;
    throw new ModelError(`${plan[key]} layers, but the network in ${source.file} has ${layers}`, {
      key: ['model', key],
      help: { expected: `at most ${layers}` },
    });
  }
  const parameters = new Parameters(source);
  try {
    const network = await build(parameters);
    parameters.checkTargets();
    return { network, parameters };
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}

/** The parameters of a network, in the order in which they were asked for. */
export class Parameters {
  readonly #source: Source;
  readonly #sections: Section[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  /** @param name without the prefix, e.g. `encoder.layer.3` */
  section(name: string, place: Place): Section {
    const section = new Section(this.#source, name, place);
    this.#sections.push(section);
    return section;
  }

  get all(): readonly Parameter[] {
    return this.#sections.flatMap(({ parameters }) => parameters);
  }

  /** In the order of `trainable`. */
  get trained(): readonly Parameter[] {
    return this.all.filter(({ trained }) => trained);
  }

  get trainable(): readonly tf.Variable[] {
    return this.trained.map(({ value }) => value as tf.Variable);
  }

  /** Names of the modules that are trained as they are, where those beside them have adapters. */
  get wholeModules(): readonly string[] {
    return this.#sections.filter(({ isWhole }) => isWhole).map(({ path }) => path);
  }

  /**
   * Sets what is trained to other values.
   *
   * @param file of the tensors; named in errors
   * @throws ModelError if a tensor is missing or of another shape; nothing is changed then
   */
  async assign(tensors: TensorReader, file: string): Promise<void> {
    const names = new Set(tensors.names);
    for (const { name, value } of this.trained) {
      const found = names.has(name) ? `[${tensors.shapeOf(name)}]` : 'nothing';
      if (found === `[${value.shape}]`) continue;
      throw new ModelError(
        `${file} is not of this model: of ${name} it has ${found}, expected is [${value.shape}]`,
      );
    }
    for (const { name, value } of this.trained) {
      const tensor = tf.tensor(await tensors.read(name), value.shape, 'float32');
      (value as tf.Variable).assign(tensor);
      tensor.dispose();
    }
  }

  /** Sections that are trained, by their variables. */
  get layers(): readonly LayerVariables[] {
    const indices = new Map(this.trained.map((parameter, index) => [parameter, index]));
    return this.#sections
      .filter(({ trained }) => trained)
      .map(({ name, parameters }) => ({
        name,
        variables: parameters.flatMap((parameter) => indices.get(parameter) ?? []),
      }));
  }

  /** @throws ModelError unless every target of LoRA names a linear layer that adapters go to */
  checkTargets(): void {
    const { file, plan } = this.#source;
    if (!plan.lora) return;
    const modules = this.#sections.flatMap(({ linears }) => linears);
    const taken = this.#sections.flatMap(({ taken }) => taken);
    for (const [i, target] of plan.lora.targets.entries()) {
      if (modules.some((module) => isTarget(module, target))) continue;
      if (taken.some((module) => isTarget(module, target))) throw this.#noLayerLeft(target);
      const names = [...modules, ...taken].map((module) => module.split('.').at(-1)!);
      const valid = [...new Set(names)];
      throw new ModelError(`no linear layer of ${file} that adapters go to is called ${target}`, {
        key: ['model', 'adapter', 'lora', 'targets', i],
        help: { expected: `one of ${valid.join(', ')}`, name: { wrong: target, valid } },
      });
    }
  }

  #noLayerLeft(target: string): ModelError {
    const { plan } = this.#source;
    const keys = (['freeze', 'reinitialize'] as const).filter((key) => plan[key] > 0);
    const takers = keys.map((key) => `${key}: ${plan[key]}`).join(' and ');
    return new ModelError(
      `no linear layer called ${target} is left for adapters: ${takers} ${keys.length > 1 ? 'take' : 'takes'} all there are`,
      {
        key: ['model', keys[0]!],
        help: { expected: 'fewer layers, so that some are left, or no model.adapter' },
      },
    );
  }

  dispose(): void {
    tf.dispose(this.all.map(({ value }) => value));
  }
}

interface LinearOptions {
  readonly layout?: WeightLayout;
  readonly bias?: boolean;
  /** Standard deviation of fresh weights, where it is not that of the network's others. */
  readonly range?: number;
}

/** How peft calls the matrices of an adapter. */
const ADAPTER = /\.lora_[AB]\.weight$/;

/** A part of a network and its parameters. */
export class Section {
  readonly name: string;
  /** With the prefix. */
  readonly path: string;
  readonly parameters: Parameter[] = [];
  /** Names of linear layers that adapters may go to. */
  readonly linears: string[] = [];
  /** Names of those that could have adapters, were they not frozen or made anew. */
  readonly taken: string[] = [];
  readonly #source: Source;
  readonly #place: Place;

  constructor(source: Source, name: string, place: Place) {
    this.name = name;
    this.#source = source;
    this.#place = place;
    this.path = (place === 'head' || place === 'output' ? '' : source.prefix) + name;
  }

  get trained(): boolean {
    return this.parameters.some(({ trained }) => trained);
  }

  /** Whether it is trained itself, and not adapters in it. */
  get isWhole(): boolean {
    return this.parameters.some(({ name, trained }) => trained && !ADAPTER.test(name));
  }

  /** @param name after the section's, or nothing */
  async linear(
    name: string,
    inputs: number,
    outputs: number,
    { layout = 'out-in', bias = true, range }: LinearOptions = {},
  ): Promise<Linear> {
    const shape: [number, number] = layout === 'out-in' ? [outputs, inputs] : [inputs, outputs];
    const weight = await this.matrix(joined(name, 'weight'), shape, range);
    const module = joined(this.path, name);
    const isTaken = this.#isFrozen || (this.#isFresh && this.#place !== 'head');
    if (isTaken) this.taken.push(module);
    return {
      weight,
      bias: bias ? await this.vector(joined(name, 'bias'), outputs, 'zeros') : null,
      layout,
      // Where the weight itself is trained, an adapter would add nothing.
      adapter: isTaken || weight.trained ? null : this.#adapter(module, inputs, outputs),
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

  /** @param range standard deviation of fresh values */
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
    initial: Initial,
  ): Promise<Parameter<T>> {
    const full = joined(this.path, name);
    const stored = this.#isFresh ? undefined : this.#stored(full, shape);
    const values =
      stored === undefined
        ? initialValues(initial, shape, full, this.#source.plan.seed)
        : await this.#source.tensors.read(stored);
    return this.#add(full, shape, values, this.#isTrained || stored === undefined);
  }

  #adapter(module: string, inputs: number, outputs: number): Adapter | null {
    const { lora, seed } = this.#source.plan;
    if (!lora) return null;
    this.linears.push(module);
    if (!lora.targets.some((target) => isTarget(module, target))) return null;
    const fresh = (part: string, shape: [number, number], initial: Initial): Parameter<Matrix> => {
      const full = `${module}.${part}.weight`;
      return this.#add(full, shape, initialValues(initial, shape, full, seed), true);
    };
    return {
      down: fresh('lora_A', [lora.rank, inputs], 'kaiming'),
      up: fresh('lora_B', [outputs, lora.rank], 'zeros'),
      scale: lora.alpha / lora.rank,
      dropout: lora.dropout,
    };
  }

  #add<T extends tf.Tensor>(
    name: string,
    shape: readonly number[],
    values: Float32Array,
    trained: boolean,
  ): Parameter<T> {
    const tensor = tf.tensor(values, [...shape], 'float32');
    const value = (trained ? variableOf(tensor) : tensor) as tf.Tensor as T;
    const parameter = { name, value, trained };
    this.parameters.push(parameter);
    return parameter;
  }

  /**
   * The name under which the checkpoint has it; undefined where it may be missing.
   *
   * @throws ModelError if it is missing, or of another shape
   */
  #stored(name: string, shape: readonly number[]): string | undefined {
    const { tensors, file } = this.#source;
    const found = this.#namesIn(name).find((candidate) => tensors.names.includes(candidate));
    if (found === undefined) {
      if (this.#place === 'pooler') return undefined;
      throw this.#misfit(`${file} has no tensor ${name}, expected is one of shape [${shape}]`);
    }
    const actual = tensors.shapeOf(found);
    if (`${actual}` === `${shape}`) return found;
    throw this.#misfit(
      `${file}: tensor ${found} has the shape [${actual}], expected is [${shape}]`,
    );
  }

  /** A checkpoint whose weights are not those of the network: a head may be made anew, the rest must be there. */
  #misfit(message: string): ModelError {
    return this.#place === 'head'
      ? new ModelError(message, {
          key: ['model', 'head'],
          help: { expected: 'head: new, or a checkpoint with a head for this task' },
        })
      : new ModelError(message, {
          key: ['model', 'from'],
          help: { expected: 'a checkpoint whose weights are those that its config.json describes' },
        });
  }

  /** With the prefix or without; norms of old checkpoints have the names of TensorFlow's. */
  #namesIn(name: string): readonly string[] {
    const { prefix } = this.#source;
    const names = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
    const old = (norm: string) =>
      norm.replace(/(?<=LayerNorm\.)weight$/, 'gamma').replace(/(?<=LayerNorm\.)bias$/, 'beta');
    return [...names, ...names.map(old)];
  }

  get #isFresh(): boolean {
    const { plan, layers } = this.#source;
    switch (this.#place) {
      case 'input':
      case 'norm':
      case 'output':
        return false;
      case 'pooler':
        return plan.reinitialize > 0;
      case 'head':
        return plan.newHead;
      default:
        return this.#place.layer >= layers - plan.reinitialize;
    }
  }

  get #isTrained(): boolean {
    const { lora } = this.#source.plan;
    return this.#isFresh || this.#place === 'head' || (lora === null && !this.#isFrozen);
  }

  get #isFrozen(): boolean {
    const { freeze } = this.#source.plan;
    if (this.#place === 'input') return freeze > 0;
    return typeof this.#place === 'object' && this.#place.layer < freeze;
  }
}

function joined(...names: readonly string[]): string {
  return names.filter((name) => name !== '').join('.');
}

/** As peft matches target_modules. */
export function isTarget(module: string, target: string): boolean {
  return module === target || module.endsWith(`.${target}`);
}

function variableOf(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}
