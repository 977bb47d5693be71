import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Device } from '../../backends/device.ts';
import { modelOrigin } from '../../config/modelOrigin.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import { downloadConfigError } from '../../data/files.ts';
import {
  type CheckpointConfig,
  CONFIG_FILE,
  GENERATION_CONFIG_FILE,
  type GenerationConfig,
  readCheckpointConfig,
  readGenerationConfig,
} from '../../hub/architecture/checkpointConfig.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import { DownloadError, nameOf, resolveRepository } from '../../hub/resolve.ts';
import { weightFiles } from '../../hub/safetensors/safetensors.ts';
import {
  openTokenizer,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  type Tokenizer,
} from '../../hub/tokenizer/tokenizer.ts';
import type { Loading } from '../../runs/loading.ts';

/** A Hugging Face checkpoint that runs start from. */
export interface Pretrained {
  /** `owner/name` on the hub, or the path of the folder. */
  readonly name: string;
  /** Its commit on the hub; null for a folder. */
  readonly revision: string | null;
  readonly folder: string;
  readonly config: CheckpointConfig;
  readonly tokenizer: Tokenizer;
  /** Token id that fills padding; masked everywhere. */
  readonly padId: number;
  /** Generation settings; their end tokens include the one that answers end with in training. Null for other tasks. */
  readonly generation: GenerationConfig | null;
}

/**
 * Opens the checkpoint of `model.from`; downloads it first if it is on the Hub.
 *
 * @throws ConfigError at `model.from`
 */
export async function openPretrained(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
): Promise<Pretrained> {
  const origin = modelOrigin(parsed.config.model.from!, parsed.folder);
  try {
    const folder =
      origin.kind === 'folder'
        ? origin.folder
        : await resolveRepository(origin.id, {
            kind: 'model',
            files: 'checkpoint',
            onProgress: ({ file, ...bytes }) => onLoading({ what: `downloading ${file}`, bytes }),
          });
    const config = withDropout(await readCheckpointConfig(folder), parsed.config.model.dropout);
    if (parsed.config.task === 'generation' && config.kind === 'encoder') {
      throw parsed.error(
        ['model', 'from'],
        `${parsed.config.model.from} is an encoder (${config.modelType}) and cannot generate`,
        { expected: 'a decoder, such as Llama, Qwen2 or GPT-2' },
      );
    }
    const tokenizer = await openTokenizer(folder);
    const { name, revision } =
      origin.kind === 'hub'
        ? { name: nameOf(origin.id), revision: path.basename(folder) }
        : { name: folder, revision: null };
    const padId = padIdOf(tokenizer, config);
    const generation =
      parsed.config.task === 'generation' ? await generationOf(folder, tokenizer) : null;
    return { name, revision, folder, config, tokenizer, padId, generation };
  } catch (error) {
    if (error instanceof DownloadError) throw downloadConfigError(parsed, ['model', 'from'], error);
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected: 'a Hugging Face checkpoint of a network that can be trained here',
    });
  }
}

async function generationOf(folder: string, { eosId }: Tokenizer): Promise<GenerationConfig> {
  const { endIds, json } = await readGenerationConfig(folder);
  return { json, endIds: [...new Set([...endIds, ...(eosId === null ? [] : [eosId])])] };
}

/** Some tokenizers name a padding token for which the network has no embedding. */
function padIdOf({ padId, eosId }: Tokenizer, { vocabulary }: CheckpointConfig): number {
  const known = [padId, eosId].find((id) => id !== null && id >= 0 && id < vocabulary);
  return known ?? 0;
}

/** Names of the files that the weights, tokens and answers depend on; other files in the folder may change. */
export async function pretrainedFiles({
  folder,
  generation,
}: Pick<Pretrained, 'folder' | 'generation'>): Promise<readonly string[]> {
  const optional = [TOKENIZER_CONFIG_FILE, ...(generation ? [GENERATION_CONFIG_FILE] : [])];
  const present = optional.filter((name) => existsSync(path.join(folder, name)));
  return [CONFIG_FILE, TOKENIZER_FILE, ...present, ...(await weightFiles(folder))];
}

/** @param rate replaces all dropout rates of the checkpoint */
function withDropout(config: CheckpointConfig, rate: number | undefined): CheckpointConfig {
  if (rate === undefined) return config;
  const both = { dropout: rate, attentionDropout: rate };
  return config.kind === 'encoder'
    ? { ...config, ...both, classifierDropout: rate }
    : { ...config, ...both, embeddingDropout: rate };
}

/** What an objective on texts is built from. */
export interface TextInputs {
  readonly config: Config;
  readonly pretrained: Pretrained;
  readonly data: TextData;
  readonly device: Device;
}
