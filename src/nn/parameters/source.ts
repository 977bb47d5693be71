import type { ModelType } from '../../hub/architecture/checkpointConfig.ts';
import type { LoraConfig } from '../../hub/peft.ts';
import { ModelError } from '../module/model.ts';

/** Tensors of a checkpoint by name. */
export interface TensorReader {
  readonly names: readonly string[];
  shapeOf(name: string): readonly number[];
  /** Number format in the file, such as F32 or I64. */
  dtypeOf(name: string): string;
  /** Row-major. */
  read(name: string): Promise<Float32Array>;
}

/**
 * Reads weights.
 * @param file of the tensors, for errors
 * @throws ModelError naming the tensor if its numbers are not floats, or one of them is not finite in float32
 */
export async function readWeights(
  tensors: TensorReader,
  name: string,
  file: string,
): Promise<Float32Array> {
  checkFloats(tensors, name, file);
  const values = await tensors.read(name);
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return values;
  throw unusable(
    `${file}: tensor ${name} contains ${values[index]}, first at element ${index} of ${values.length}`,
  );
}

/** @throws ModelError naming the tensor if its numbers are not floats */
export function checkFloats(tensors: TensorReader, name: string, file: string): void {
  const dtype = tensors.dtypeOf(name);
  if (/^B?F\d+$/.test(dtype)) return;
  throw unusable(`${file}: tensor ${name} is stored as ${dtype}, which are not floats`);
}

function unusable(message: string): ModelError {
  return new ModelError(message, {
    key: ['model', 'from'],
    help: { expected: 'weights that are finite floats; download or save the checkpoint again' },
  });
}

/** Which parameters of a checkpoint are trained, and which are initialized anew. */
export interface FineTuningPlan {
  /** 0: everything is trained; n: all but the embeddings and the first n layers. */
  readonly freeze: number;
  /** Number of layers, counted from the top, that are initialized anew, and with them BERT's pooler. */
  readonly reinitialize: number;
  /** If given, only adapters, the head and newly initialized parameters are trained. */
  readonly lora: LoraConfig | null;
  /** Whether the head is initialized anew. */
  readonly newHead: boolean;
  /** Seeds all initial values. */
  readonly seed: number;
}

/** A checkpoint of an encoder or a decoder, and how to fine-tune it. */
export interface CheckpointSource<Config> {
  readonly config: Config;
  readonly tensors: TensorReader;
  /** File of the tensors, for errors. */
  readonly file: string;
  readonly plan: FineTuningPlan;
  /** Recomputes each layer's forward pass during the backward pass, to save memory. */
  readonly checkpointing: boolean;
  /** Reads no weights, but checks that the plan fits the network and, unless it is `plan`, the tensors do. The network cannot be used. */
  readonly checksOnly?: 'plan' | 'tensors' | undefined;
}

/** Where a network's parameters come from. */
export interface ParameterSource {
  readonly tensors: TensorReader;
  /** File of the tensors, for errors. */
  readonly file: string;
  /** Prefix of all names below the head, such as `bert.`; checkpoints without a head omit it. */
  readonly prefix: string;
  /** Number of layers between embeddings and head. */
  readonly layers: number;
  /** Standard deviation of newly initialized weights. */
  readonly initializerRange: number;
  readonly plan: FineTuningPlan;
  readonly checksOnly?: CheckpointSource<unknown>['checksOnly'] | undefined;
}

/**
 * Role of a submodule in its network: `norm` stands between the last layer and the head; `output` is a language model's head,
 * which its checkpoint contains and which is trained like the layers.
 */
export type Role = 'input' | { readonly layer: number } | 'norm' | 'pooler' | 'output' | 'head';

/** LoRA targets by default: queries and values, as in peft. */
export const defaultTargets: Readonly<Record<ModelType, readonly string[]>> = {
  bert: ['query', 'value'],
  roberta: ['query', 'value'],
  distilbert: ['q_lin', 'v_lin'],
  gpt2: ['c_attn'],
  llama: ['q_proj', 'v_proj'],
  mistral: ['q_proj', 'v_proj'],
  qwen2: ['q_proj', 'v_proj'],
  qwen3: ['q_proj', 'v_proj'],
};
