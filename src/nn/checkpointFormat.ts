import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CONFIG_FILE } from '../hub/architecture/checkpointConfig.ts';
import { GENERATION_CONFIG_FILE } from '../hub/architecture/generationConfig.ts';
import { type LoraConfig, readAdapter, writeAdapter } from '../hub/peft.ts';
import {
  type NamedTensor,
  openSafetensors,
  type TensorFile,
  WEIGHTS_FILE,
  writeSafetensors,
} from '../hub/safetensors/safetensors.ts';
import type { Parameter } from './module/parameter.ts';
import type { NetworkParameters } from './parameters/networkParameters.ts';

/** How a transformer's parameters are stored in a folder, so that transformers and peft load them. */
export interface CheckpointFormat {
  /** Resolves when all files are on disk. */
  write(folder: string, parameters: NetworkParameters): Promise<void>;
  /** Opens what `write` wrote, under the names of the parameters. */
  open(folder: string): Promise<TensorFile>;
}

/** Files that accompany the weights. */
export interface CompanionFiles {
  /** config.json. */
  readonly json: Readonly<Record<string, unknown>>;
  /** generation_config.json; null: none. */
  readonly generation: Readonly<Record<string, unknown>> | null;
  /** Paths of the tokenizer's files. */
  readonly tokenizer: readonly string[];
}

/** All weights, as transformers loads them. */
export function fullCheckpoint(companions: CompanionFiles): CheckpointFormat {
  return {
    async write(folder, parameters) {
      await writeCompanions(folder, companions);
      const tensors = await Promise.all(parameters.all.map(named));
      await writeSafetensors(path.join(folder, WEIGHTS_FILE), tensors);
    },
    open: openSafetensors,
  };
}

export interface AdapterOptions {
  readonly lora: LoraConfig;
  /** The adapter's base model: a hub id or a folder. */
  readonly base: string;
  /** Commit, branch or tag of the hub id; null for a folder. */
  readonly revision: string | null;
  readonly taskType: 'SEQ_CLS' | 'CAUSAL_LM';
  /** Whether the adapted weights are stored as [in, out] (GPT-2). */
  readonly fanInFanOut: boolean;
}

/** Only the trained parameters, as peft loads them. */
export function adapterCheckpoint(
  companions: CompanionFiles,
  { lora, ...adapter }: AdapterOptions,
): CheckpointFormat {
  return {
    async write(folder, parameters) {
      await writeCompanions(folder, companions);
      const tensors = await Promise.all(parameters.trained.map(named));
      const modulesToSave = parameters.modulesToSave;
      await writeAdapter(folder, { ...adapter, config: lora, modulesToSave, tensors });
    },
    open: async (folder) => (await readAdapter(folder)).tensors,
  };
}

async function writeCompanions(
  folder: string,
  { json, generation, tokenizer }: CompanionFiles,
): Promise<void> {
  await writeJson(path.join(folder, CONFIG_FILE), json);
  if (generation) await writeJson(path.join(folder, GENERATION_CONFIG_FILE), generation);
  for (const file of tokenizer) await copyFile(file, path.join(folder, path.basename(file)));
}

function writeJson(file: string, json: Readonly<Record<string, unknown>>): Promise<void> {
  return writeFile(file, `${JSON.stringify(json, null, 2)}\n`, { flush: true });
}

async function named({ name, value }: Parameter): Promise<NamedTensor> {
  return { name, shape: value.shape, values: await value.data<'float32'>() };
}
