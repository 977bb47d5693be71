import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { CheckpointError, readJson, validate } from './checkpointFile.ts';
import {
  type NamedTensor,
  openSafetensorsFile,
  type TensorFile,
  writeSafetensors,
} from './safetensors/safetensors.ts';

export const ADAPTER_CONFIG_FILE = 'adapter_config.json';
export const ADAPTER_FILE = 'adapter_model.safetensors';

/** peft's prefix of the names of the wrapped network's tensors. */
const PREFIX = 'base_model.model.';

/** Low-rank adapters: W + (alpha/rank) · B·A with A [rank, in] and B [out, rank] (LoRA; Hu et al. 2021, arXiv 2106.09685). */
export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  /** Names of the adapted layers: the last part of their path in the network, or more of it. */
  readonly targets: readonly string[];
}

/** An adapter without its weights. */
export interface AdapterDescription {
  readonly config: LoraConfig;
  /** Folder or hub id of the base model; empty if unknown. */
  readonly base: string;
  /** Commit, branch or tag of a base model on the Hub; null if not recorded. */
  readonly revision: string | null;
  readonly taskType: 'SEQ_CLS' | 'CAUSAL_LM';
  /** Whether the adapted layers store their weights as [in, out] (GPT-2). */
  readonly fanInFanOut: boolean;
  /** Layers that are trained fully and saved with the adapters, such as the head. */
  readonly modulesToSave: readonly string[];
}

/**
 * Writes an adapter in peft's format, which `PeftModel.from_pretrained` loads; creates the folder if needed.
 * @param adapter its tensors have the network's names, such as `bert.encoder.layer.0.attention.self.query.lora_A.weight`
 */
export async function writeAdapter(
  folder: string,
  {
    config,
    base,
    revision,
    taskType,
    fanInFanOut,
    modulesToSave,
    tensors,
  }: AdapterDescription & {
    readonly tensors: Iterable<NamedTensor>;
  },
): Promise<void> {
  const json = {
    peft_type: 'LORA',
    task_type: taskType,
    base_model_name_or_path: base,
    revision,
    r: config.rank,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    target_modules: config.targets,
    modules_to_save: modulesToSave.length > 0 ? modulesToSave : null,
    fan_in_fan_out: fanInFanOut,
    bias: 'none',
    init_lora_weights: true,
    inference_mode: true,
  };
  await mkdir(folder, { recursive: true });
  const prefixed = Array.from(tensors, (tensor) => ({ ...tensor, name: PREFIX + tensor.name }));
  await writeSafetensors(path.join(folder, ADAPTER_FILE), prefixed);
  const file = path.join(folder, ADAPTER_CONFIG_FILE);
  await writeFile(file, `${JSON.stringify(json, null, 2)}\n`, { flush: true });
}

/** A field that does not change what the adapter computes. */
const ignored = z.unknown().optional();

const schema = z
  .object({
    peft_type: z.literal('LORA'),
    task_type: z.enum(['SEQ_CLS', 'CAUSAL_LM']),
    base_model_name_or_path: z.string().nullish(),
    r: z.int().positive(),
    lora_alpha: z.number().positive(),
    lora_dropout: z.number().min(0).max(1).default(0),
    target_modules: z.union([z.string(), z.array(z.string())]),
    modules_to_save: z.array(z.string()).nullish(),
    fan_in_fan_out: z.boolean().default(false),
    bias: z.literal('none').default('none'),
    /** Others, such as PiSSA, change the base model too. */
    init_lora_weights: z.union([z.boolean(), z.literal('gaussian')]).default(true),
    inference_mode: ignored,
    peft_version: ignored,
    revision: z.string().nullish(),
    auto_mapping: ignored,
    megatron_core: ignored,
    qalora_group_size: ignored,
  })
  // Every variant of LoRA has its own field, which is empty for plain LoRA.
  .catchall(z.unknown().refine(isEmpty, 'this variant of LoRA is not supported, only plain LoRA'));

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === false;
}

/**
 * Opens an adapter that peft or `writeAdapter` wrote; its tensors get the network's names.
 * @throws CheckpointError for adapters other than plain LoRA and for damaged files
 */
export async function readAdapter(
  folder: string,
): Promise<AdapterDescription & { readonly tensors: TensorFile }> {
  const file = path.join(folder, ADAPTER_CONFIG_FILE);
  const data = validate(schema, file, await readJson(file));
  const weights = path.join(folder, ADAPTER_FILE);
  if (!existsSync(weights)) {
    throw new CheckpointError(
      `${folder} has no ${ADAPTER_FILE}. If it has an adapter_model.bin, load and save it with Python's peft`,
    );
  }
  const tensors = withoutPrefix(weights, await openSafetensorsFile(weights));
  return {
    config: {
      rank: data.r,
      alpha: data.lora_alpha,
      dropout: data.lora_dropout,
      targets: targetsOf(data.target_modules, tensors),
    },
    base: data.base_model_name_or_path ?? '',
    revision: data.revision ?? null,
    taskType: data.task_type,
    fanInFanOut: data.fan_in_fan_out,
    modulesToSave: data.modules_to_save ?? [],
    tensors,
  };
}

/** Lists the adapted layers: `target_modules` may be a Python regular expression, so the tensors are searched instead. */
function targetsOf(written: string | readonly string[], { names }: TensorFile): readonly string[] {
  if (typeof written !== 'string') return written;
  const adapted = names.flatMap((name) => /([^.]+)\.lora_A\.weight$/.exec(name)?.[1] ?? []);
  return [...new Set(adapted)];
}

/** The same tensors under the network's names. */
function withoutPrefix(file: string, tensors: TensorFile): TensorFile {
  const foreign = tensors.names.find((name) => !name.startsWith(PREFIX));
  if (foreign !== undefined) {
    throw new CheckpointError(
      `${file}: tensor "${foreign}" does not belong to a peft adapter. Expected a name that begins with ${PREFIX}`,
    );
  }
  return {
    names: tensors.names.map((name) => name.slice(PREFIX.length)),
    shapeOf: (name) => tensors.shapeOf(PREFIX + name),
    dtypeOf: (name) => tensors.dtypeOf(PREFIX + name),
    read: (name) => tensors.read(PREFIX + name),
    close: () => tensors.close(),
  };
}
