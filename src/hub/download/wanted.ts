import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MERGE } from '../../config/modelOrigin.ts';
import { CONFIG_FILE, GENERATION_CONFIG_FILE } from '../architecture/checkpointConfig.ts';
import { ADAPTER_CONFIG_FILE } from '../peft.ts';
import { WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from '../safetensors/safetensors.ts';
import { TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from '../tokenizer/tokenizer.ts';
import type { RemoteFile } from './blob.ts';
import { DownloadError, MissingFile } from './downloadError.ts';
import type { CachedRepository } from './repository.ts';

/** Files by their names, or what a checkpoint consists of. */
export type Wanted = readonly string[] | 'checkpoint';

/** Without these a checkpoint cannot be used. */
const NEEDED = [CONFIG_FILE, TOKENIZER_FILE];
const USEFUL = [TOKENIZER_CONFIG_FILE, 'special_tokens_map.json', GENERATION_CONFIG_FILE];
const SHARD = /^model-\d+-of-\d+\.safetensors$/;

/**
 * The files that are to be downloaded, weights last: where they are, all is.
 * @throws DownloadError if the repository lacks one
 */
export function wantedFiles(
  { kind, name }: CachedRepository,
  listing: readonly RemoteFile[],
  wanted: Wanted,
): readonly RemoteFile[] {
  const byName = new Map(listing.map((file) => [file.path, file]));
  const find = (file: string) => {
    const found = byName.get(file);
    if (found) return found;
    throw new MissingFile(`the ${kind} ${name} has no file ${file}`, file, [...byName.keys()]);
  };
  if (wanted !== 'checkpoint') return wanted.map(find);
  if (byName.has(ADAPTER_CONFIG_FILE) && !byName.has(CONFIG_FILE)) {
    throw new DownloadError('missing', `${name} holds an adapter: ${MERGE}`);
  }
  const config = find(CONFIG_FILE);
  const others = [TOKENIZER_FILE, ...USEFUL].flatMap((file) => byName.get(file) ?? []);
  return [config, ...others, ...weightsOf(name, listing, byName)];
}

function weightsOf(
  name: string,
  listing: readonly RemoteFile[],
  byName: ReadonlyMap<string, RemoteFile>,
): readonly RemoteFile[] {
  const whole = byName.get(WEIGHTS_FILE);
  if (whole) return [whole];
  const index = byName.get(WEIGHTS_INDEX_FILE);
  if (index) return [index, ...listing.filter((file) => SHARD.test(file.path))];
  const instead = listing.find((file) => /\.(bin|gguf|h5|onnx|msgpack|pt)$/.test(file.path))?.path;
  throw new DownloadError(
    'missing',
    `${name} has no ${WEIGHTS_FILE}${instead ? `, only ${instead} and its like: convert it with Python's transformers, from_pretrained and save_pretrained, and give the folder` : ': is it a checkpoint of transformers?'}`,
  );
}

/** Whether a snapshot has all that is wanted. */
export function isComplete(snapshot: string, wanted: Wanted): boolean {
  const has = (file: string) => existsSync(path.join(snapshot, file));
  if (wanted !== 'checkpoint') return wanted.every(has);
  if (!NEEDED.every(has)) return false;
  return has(WEIGHTS_FILE) || (has(WEIGHTS_INDEX_FILE) && shardsOf(snapshot).every(has));
}

function shardsOf(snapshot: string): readonly string[] {
  const index = JSON.parse(readFileSync(path.join(snapshot, WEIGHTS_INDEX_FILE), 'utf8'));
  return [...new Set(Object.values<string>(index.weight_map ?? {}))];
}
