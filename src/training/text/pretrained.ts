import path from 'node:path';
import type { Device } from '../../backends/device.ts';
import { modelOrigin } from '../../config/modelOrigin.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import {
  type CheckpointConfig,
  readCheckpointConfig,
} from '../../hub/architecture/checkpointConfig.ts';
import {
  type GenerationConfig,
  readGenerationConfig,
} from '../../hub/architecture/generationConfig.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import { downloadNamed } from '../../hub/namedRepository.ts';
import { nameOf } from '../../hub/resolve.ts';
import { paddingId } from '../../hub/tokenizer/specialTokens.ts';
import { openTokenizer, type Tokenizer } from '../../hub/tokenizer/tokenizer.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import type { Loading } from '../../runs/loading.ts';

/** A Hugging Face checkpoint that runs start from. */
export type Pretrained = PretrainedClassifier | PretrainedGenerator;

/** For classification or regression. */
export interface PretrainedClassifier extends PretrainedSource {
  readonly task: SupervisedTask;
  readonly config: CheckpointConfig;
  readonly generation: null;
}

/** For generation. */
export interface PretrainedGenerator extends PretrainedSource {
  readonly task: 'generation';
  readonly config: DecoderCheckpointConfig;
  readonly generation: GenerationConfig;
}

/** Where a checkpoint is. */
export interface CheckpointPlace {
  /** `owner/name` on the Hub, or the path of the folder. */
  readonly name: string;
  /** Its commit on the Hub; null for a folder. */
  readonly revision: string | null;
  readonly folder: string;
}

interface PretrainedSource extends CheckpointPlace {
  readonly tokenizer: Tokenizer;
  /** Token id that fills padding; masked everywhere. */
  readonly padId: number;
}

type DecoderCheckpointConfig = Extract<CheckpointConfig, { kind: 'decoder' }>;

/**
 * Opens the checkpoint of `model.from`. If it is on the Hub, what describes it is downloaded first; the weights are not.
 *
 * @param signal gives the download up
 * @throws ConfigError at `model.from`
 * @throws DownloadError if there is a signal, and the Hub was not reached before it aborted
 */
export async function openPretrained(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
  signal?: AbortSignal,
): Promise<Pretrained> {
  const { task, model } = parsed.config;
  try {
    const place = await locateCheckpoint(parsed, onLoading, signal);
    const { folder } = place;
    const read = withDropout(await readCheckpointConfig(folder), model.dropout);
    const tokenizer = await openTokenizer(folder);
    const padId = paddingId(tokenizer, read.vocabSize);
    const config = { ...read, padId: read.padId ?? padId };
    const network =
      task === 'generation' ? { task, config: decoderConfig(config, parsed) } : { task, config };
    const source = { ...place, tokenizer, padId };
    return network.task === 'generation'
      ? { ...source, ...network, generation: await readGenerationConfig(folder, tokenizer.eosId) }
      : { ...source, ...network, generation: null };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected:
        'a Hugging Face checkpoint of a network that can be trained here, or device: torch, which trains any that transformers knows',
    });
  }
}

/** Finds the checkpoint of `model.from`; if it is on the Hub, what describes it is downloaded. @throws ConfigError */
export async function locateCheckpoint(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
  signal?: AbortSignal,
): Promise<CheckpointPlace> {
  const origin = modelOrigin(parsed.config.model.from!, parsed.folder);
  if (origin.kind === 'folder') {
    return { name: origin.folder, revision: null, folder: origin.folder };
  }
  const folder = await downloadNamed(
    parsed,
    {
      ...{ id: origin.id, key: ['model', 'from'], kind: 'model', files: 'description' },
      ...(signal && { signal }),
    },
    onLoading,
  );
  return { name: nameOf(origin.id), revision: path.basename(folder), folder };
}

/** Downloads the weights of a checkpoint on the Hub. @throws ConfigError at `model.from` */
export async function downloadWeights(
  parsed: ParsedConfig,
  { revision: commit }: CheckpointPlace,
  onLoading: (loading: Loading) => void,
): Promise<void> {
  if (commit === null) return;
  const key = ['model', 'from'];
  const id = parsed.config.model.from!;
  await downloadNamed(parsed, { id, key, kind: 'model', files: 'checkpoint', commit }, onLoading);
}

/** @throws ConfigError if the network is an encoder */
function decoderConfig(config: CheckpointConfig, parsed: ParsedConfig): DecoderCheckpointConfig {
  if (config.kind === 'decoder') return config;
  throw parsed.error(
    ['model', 'from'],
    `${parsed.config.model.from} is an encoder (${config.modelType}) and cannot generate`,
    { expected: 'a decoder, such as Llama, Mistral, Qwen or GPT-2' },
  );
}

/** @param rate replaces all dropout rates of the checkpoint */
function withDropout(config: CheckpointConfig, rate: number | undefined): CheckpointConfig {
  if (rate === undefined) return config;
  const both = { dropout: rate, attentionDropout: rate };
  return config.kind === 'encoder'
    ? { ...config, ...both, classifierDropout: rate }
    : { ...config, ...both, embeddingDropout: rate };
}

/** The inputs of an objective on texts. */
export interface TextInputs<P extends Pretrained = Pretrained> {
  readonly config: Config;
  readonly pretrained: P;
  readonly data: TextData;
  readonly device: Device;
}
