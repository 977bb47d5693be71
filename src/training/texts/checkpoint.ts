import path from 'node:path';
import { modelOrigin } from '../../experiment/modelOrigin.ts';
import type { Loading } from '../../runs/loading.ts';
import { downloadProblem } from '../data/readFiles.ts';
import { CheckpointError } from '../huggingface/checkpointError.ts';
import { type CheckpointConfig, CONFIG_FILE, readCheckpointConfig } from '../huggingface/config.ts';
import { DownloadError, nameOf, resolvedId, resolveRepository } from '../huggingface/resolve.ts';
import { weightFiles } from '../huggingface/safetensors.ts';
import { openTokenizer, TOKENIZER_FILE, type Tokenizer } from '../huggingface/tokenizer.ts';
import type { Request } from '../request.ts';

/** A Hugging Face checkpoint that runs start from. */
export interface Checkpoint {
  /** A hub id without its revision, or the path of the folder. */
  readonly name: string;
  readonly folder: string;
  /** `owner/name@commit`, if it is on the hub. */
  readonly source: string | null;
  readonly config: CheckpointConfig;
  readonly tokenizer: Tokenizer;
  /** What padding is filled with; no weight ever sees it. */
  readonly padId: number;
}

/**
 * Finds the checkpoint of `model.from`, and downloads it first if it is on the hub.
 *
 * @throws ConfigError at `model.from`
 */
export async function openCheckpoint(
  request: Request,
  onLoading: (loading: Loading) => void,
): Promise<Checkpoint> {
  const origin = modelOrigin(request.config.model.from!, request.folder);
  try {
    const folder =
      origin.kind === 'folder'
        ? origin.folder
        : await resolveRepository(origin.id, {
            kind: 'model',
            files: 'checkpoint',
            onProgress: ({ file, ...bytes }) => onLoading({ what: `downloading ${file}`, bytes }),
          });
    const config = withDropout(await readCheckpointConfig(folder), request.config.model.dropout);
    const tokenizer = await openTokenizer(folder);
    const names =
      origin.kind === 'hub'
        ? { name: nameOf(origin.id), source: resolvedId(origin.id, folder) }
        : { name: path.resolve(folder), source: null };
    return { ...names, folder, config, tokenizer, padId: tokenizer.padId ?? tokenizer.eosId ?? 0 };
  } catch (error) {
    if (error instanceof DownloadError) throw downloadProblem(request, ['model', 'from'], error);
    if (!(error instanceof CheckpointError)) throw error;
    throw request.problem(['model', 'from'], error.message, {
      expected: 'a Hugging Face checkpoint of a network that can be trained here',
    });
  }
}

/** Names of the files that decide what is trained: others in the folder may come and go. */
export async function checkpointFiles(folder: string): Promise<readonly string[]> {
  return [CONFIG_FILE, TOKENIZER_FILE, ...(await weightFiles(folder))];
}

/** @param rate in place of all of the checkpoint's */
function withDropout(config: CheckpointConfig, rate: number | undefined): CheckpointConfig {
  if (rate === undefined) return config;
  const both = { dropout: rate, attentionDropout: rate };
  return config.kind === 'encoder'
    ? { ...config, ...both, classifierDropout: rate }
    : { ...config, ...both, embeddingDropout: rate };
}
