import { explain } from '../../config/diagnostic.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import { evaluationTexts } from '../../data/evaluationSubset.ts';
import { readDataFiles } from '../../data/files.ts';
import { loadTextData } from '../../data/loadTexts.ts';
import { filesOfCheckpoint } from '../../hub/download/requestedFiles.ts';
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
import { openPretrained } from './pretrained.ts';
import { savedHead } from './savedHead.ts';

/**
 * Transformers on examples that are texts.
 *
 * @throws ConfigError pointing at what is wrong in the config, the checkpoint or the data
 */
export async function openTextTask(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
): Promise<TrainingTask> {
  const { config } = parsed;
  const pretrained = await openPretrained(parsed, onLoading);
  const { name, revision, folder, tokenizer } = pretrained;
  const generates = pretrained.task === 'generation';
  const maxLength = maxExampleLength(parsed, pretrained.config);
  const { data: all, files } = await readDataFiles(parsed, onLoading, (files, onBytes) =>
    loadTextData(parsed, files, { tokenizer, maxLength }, onBytes),
  );
  checkTokenIds(parsed, [all.train, all.validation], pretrained.config);
  const data = { ...all, validation: evaluationTexts(all.validation, config.evaluateExamples) };
  checkPrompts(parsed, data.validation.questions, pretrained.config);
  return {
    data,
    files,
    model: { folder, files: () => filesOfCheckpoint(folder, { generates }) },
    sources: {
      ...(revision && { model: `${name}@${revision}` }),
      ...(files.source && { data: files.source }),
    },
    warnings: [
      ...data.notices.map(explain),
      ...emptyTextWarnings(config.data.train, all.train),
      ...emptyTextWarnings(config.data.validation, all.validation),
      ...truncationWarnings(data.train, maxLength),
      ...savedHead(pretrained.config, config, data.classes).warnings,
    ],
    objective: (device, seed) => buildTextObjective({ config, pretrained, data, device }, seed),
  };
}
