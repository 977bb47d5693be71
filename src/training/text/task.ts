import type { Request } from '../../config/request.ts';
import { evaluatedTexts } from '../../data/evaluated.ts';
import { loadTextData } from '../../data/loadTexts.ts';
import { readFiles } from '../../data/readFiles.ts';
import type { Loading } from '../../runs/loading.ts';
import type { TrainingTask } from '../objective/task.ts';
import { textObjective } from './buildObjective.ts';
import { checkpointFiles, openCheckpoint } from './checkpoint.ts';
import { emptyTexts } from './emptyTexts.ts';
import { checkIds } from './ids.ts';
import { checkPrompts, cutTexts, exampleLength } from './lengths.ts';
import { savedHead } from './savedHead.ts';

/**
 * Transformers on examples that are texts.
 *
 * @throws ConfigError at what is wrong in the config, the checkpoint or the data
 */
export async function openTexts(
  request: Request,
  onLoading: (loading: Loading) => void,
): Promise<TrainingTask> {
  const { config } = request;
  const checkpoint = await openCheckpoint(request, onLoading);
  const { name, revision, folder, tokenizer } = checkpoint;
  const maxLength = exampleLength(request, checkpoint.config);
  const { data: all, files } = await readFiles(request, onLoading, (files, onBytes) =>
    loadTextData(request, files, { tokenizer, maxLength }, onBytes),
  );
  checkIds(request, [all.train, all.validation], checkpoint.config);
  const data = { ...all, validation: evaluatedTexts(all.validation, config.evaluateExamples) };
  checkPrompts(request, data.validation.questions, checkpoint.config);
  return {
    data,
    files,
    model: { folder, files: () => checkpointFiles(checkpoint) },
    sources: {
      ...(revision && { model: `${name}@${revision}` }),
      ...(files.source && { data: files.source }),
    },
    warnings: [
      ...emptyTexts(config.data.train, all.train),
      ...emptyTexts(config.data.validation, all.validation),
      ...cutTexts(data.train, maxLength),
      ...savedHead(checkpoint.config, config, data.classes).warnings,
    ],
    objective: (device, seed) => textObjective({ config, checkpoint, data, device }, seed),
  };
}
