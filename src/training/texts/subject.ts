import type { Loading } from '../../runs/loading.ts';
import { evaluatedTexts } from '../data/evaluated.ts';
import { loadTextData } from '../data/loadTexts.ts';
import { readFiles } from '../data/readFiles.ts';
import type { Request } from '../request.ts';
import type { Subject } from '../subject.ts';
import { textObjective } from './buildObjective.ts';
import { openCheckpoint } from './checkpoint.ts';

/**
 * Transformers on examples that are texts.
 *
 * @throws ConfigError at what is wrong in the config, the checkpoint or the data
 */
export async function openTexts(
  request: Request,
  onLoading: (loading: Loading) => void,
): Promise<Subject> {
  const { config } = request;
  const checkpoint = await openCheckpoint(request, onLoading);
  const all = await readFiles(request, onLoading, (files, onBytes) =>
    loadTextData(request, files, checkpoint.tokenizer, onBytes),
  );
  const data = { ...all, validation: evaluatedTexts(all.validation, config.evaluateExamples) };
  return {
    data,
    modelFolder: checkpoint.folder,
    objective: (device, seed) => textObjective({ config, checkpoint, data, device }, seed),
  };
}
