import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { MERGE } from '../../config/modelOrigin.ts';
import { CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import { GENERATION_CONFIG_FILE } from '../architecture/generationConfig.ts';
import { CheckpointError } from '../checkpointFile.ts';
import { ADAPTER_CONFIG_FILE } from '../peft.ts';
import { WEIGHTS_FILE, WEIGHTS_INDEX_FILE, weightFiles } from '../safetensors/safetensors.ts';
import { SETTINGS_FILES } from '../tokenizer/settings.ts';
import { TOKENIZER_FILE, tokenizerFiles } from '../tokenizer/tokenizer.ts';
import { DownloadError, MissingFile } from './downloadError.ts';
import type { RemoteFile } from './hubApi.ts';
import type { CachedRepository } from './repository.ts';

/** Names of files, all files of a checkpoint, or those that describe it: all but its weights. */
export type RequestedFiles = readonly string[] | 'checkpoint' | 'description';

/** Says how images are resized and normalized. */
export const IMAGE_PROCESSOR_FILE = 'preprocessor_config.json';
const OPTIONAL = [...SETTINGS_FILES, GENERATION_CONFIG_FILE, IMAGE_PROCESSOR_FILE];
const SHARD = /^model-\d+-of-\d+\.safetensors$/;

/**
 * Selects the files to download; the weights come last, so that a snapshot with weights is complete.
 * @throws DownloadError if the repository lacks one of them
 */
export function selectFiles(
  { kind, name }: CachedRepository,
  listing: readonly RemoteFile[],
  requested: RequestedFiles,
): readonly RemoteFile[] {
  const byName = new Map(listing.map((file) => [file.path, file]));
  const find = (file: string) => {
    const found = byName.get(file);
    if (found) return found;
    throw new MissingFile(`the ${kind} ${name} has no file ${file}`, file, [...byName.keys()]);
  };
  if (typeof requested !== 'string') return requested.map(find);
  if (byName.has(ADAPTER_CONFIG_FILE) && !byName.has(CONFIG_FILE)) {
    throw new DownloadError('missing', `${name} contains an adapter, not a whole model: ${MERGE}`);
  }
  const config = find(CONFIG_FILE);
  const others = [TOKENIZER_FILE, ...OPTIONAL].flatMap((file) => byName.get(file) ?? []);
  const weights = weightsOf(name, listing, byName);
  return [config, ...others, ...(requested === 'checkpoint' ? weights : [])];
}

/** One file, or the index and its shards. */
function weightsOf(
  name: string,
  listing: readonly RemoteFile[],
  byName: ReadonlyMap<string, RemoteFile>,
): readonly RemoteFile[] {
  const whole = byName.get(WEIGHTS_FILE);
  if (whole) return [whole];
  const index = byName.get(WEIGHTS_INDEX_FILE);
  if (index) return [index, ...listing.filter((file) => SHARD.test(file.path))];
  const other = listing.find((file) => /\.(bin|gguf|h5|onnx|msgpack|pt)$/.test(file.path))?.path;
  throw new DownloadError(
    'missing',
    `${name} has no ${WEIGHTS_FILE}${other ? `, but weights in another format (${other}). Convert it with from_pretrained and save_pretrained of Python's transformers, and use that folder` : '. Is it a checkpoint of transformers?'}`,
  );
}

/**
 * Names of the files of a checkpoint that its weights, tokens and pixels depend on, and generated texts if it `generates`; other files in
 * the folder may change.
 */
export async function filesOfCheckpoint(
  folder: string,
  { generates }: { readonly generates: boolean },
): Promise<readonly string[]> {
  const optional = [
    ...[...SETTINGS_FILES, IMAGE_PROCESSOR_FILE],
    ...(generates ? [GENERATION_CONFIG_FILE] : []),
  ];
  // Without tokenizer.json, transformers' tokenizer reads other files.
  const vocabulary = tokenizerFiles(folder).map((file) => path.basename(file));
  const names = existsSync(path.join(folder, TOKENIZER_FILE)) ? [TOKENIZER_FILE] : vocabulary;
  const present = optional.filter((name) => existsSync(path.join(folder, name)));
  return [...new Set([CONFIG_FILE, ...names, ...present]), ...(await weightFiles(folder))];
}

/**
 * Whether a snapshot has all requested files.
 * @throws DownloadError if the index of the weights is damaged
 */
export async function isComplete(snapshot: string, requested: RequestedFiles): Promise<boolean> {
  const has = (file: string) => existsSync(path.join(snapshot, file));
  if (typeof requested !== 'string') return requested.every(has);
  if (!has(CONFIG_FILE) || !(has(TOKENIZER_FILE) || has(IMAGE_PROCESSOR_FILE))) return false;
  if (requested === 'description') return true;
  return has(WEIGHTS_FILE) || (has(WEIGHTS_INDEX_FILE) && (await listShards(snapshot)).every(has));
}

async function listShards(snapshot: string): Promise<readonly string[]> {
  try {
    return await weightFiles(snapshot);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    // The blob must be deleted: a snapshot only links to it, and an existing blob is not downloaded again.
    const blob = realpathSync(path.join(snapshot, WEIGHTS_INDEX_FILE));
    throw new DownloadError(
      'disk',
      `${blob} is damaged: it is not a valid ${WEIGHTS_INDEX_FILE}. Delete it, and it will be downloaded again`,
      { cause: error },
    );
  }
}
