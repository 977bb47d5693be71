import type { Request } from '../../config/request.ts';
import { evaluationTexts } from '../../data/evaluationSubset.ts';
import { readFiles } from '../../data/files.ts';
import { loadTextData } from '../../data/loadTexts.ts';
import type { Loading } from '../../runs/loading.ts';
import type { TrainingTask } from '../objective/objective.ts';
import { buildTextObjective } from './buildObjective.ts';
import {
  checkPrompts,
  checkTokenIds,
  emptyTextWarnings,
  maxExampleLength,
  truncationWarnings,
} from './checkTexts.ts';
import { openPretrained, pretrainedFiles } from './pretrained.ts';
import { savedHead } from './savedHead.ts';

/**
 * Transformers on examples that are texts.
 *
 * @throws ConfigError at what is wrong in the config, the checkpoint or the data
 */
export async function openTextTask(
  request: Request,
  onLoading: (loading: Loading) => void,
): Promise<TrainingTask> {
  const { config } = request;
  const pretrained = await openPretrained(request, onLoading);
  const { name, revision, folder, tokenizer } = pretrained;
  const maxLength = maxExampleLength(request, pretrained.config);
  const { data: all, files } = await readFiles(request, onLoading, (files, onBytes) =>
    loadTextData(request, files, { tokenizer, maxLength }, onBytes),
  );
  checkTokenIds(request, [all.train, all.validation], pretrained.config);
  const data = { ...all, validation: evaluationTexts(all.validation, config.evaluateExamples) };
  checkPrompts(request, data.validation.questions, pretrained.config);
  return {
    data,
    files,
    model: { folder, files: () => pretrainedFiles(pretrained) },
    sources: {
      ...(revision && { model: `${name}@${revision}` }),
      ...(files.source && { data: files.source }),
    },
    warnings: [
      ...emptyTextWarnings(config.data.train, all.train),
      ...emptyTextWarnings(config.data.validation, all.validation),
      ...truncationWarnings(data.train, maxLength),
      ...savedHead(pretrained.config, config, data.classes).warnings,
    ],
    objective: (device, seed) => buildTextObjective({ config, pretrained, data, device }, seed),
  };
}
