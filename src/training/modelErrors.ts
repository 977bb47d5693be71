import type { ParsedConfig } from '../config/parse.ts';
import { CheckpointError } from '../hub/checkpointFile.ts';
import { DownloadError } from '../hub/download/downloadError.ts';
import { ModelError } from '../nn/module/model.ts';

/** @returns an error of a model or its checkpoint as one of the config, at the key to correct; any other error as it is */
export function atConfig(parsed: ParsedConfig, error: unknown): unknown {
  if (error instanceof ModelError) return parsed.error(error.at.key, error.message, error.at.help);
  if (!(error instanceof CheckpointError || error instanceof DownloadError)) return error;
  return parsed.error(['model', 'from'], error.message, {
    expected: 'complete weights in safetensors files',
  });
}
