import type { Device } from '../../backends/device.ts';
import { namedFiles } from '../../config/data.ts';
import { explain } from '../../config/diagnostic.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { DataReads } from '../../data/dataReads.ts';
import type { TextData } from '../../data/dataset.ts';
import { evaluationTexts } from '../../data/evaluationSubset.ts';
import { readDataFiles } from '../../data/files.ts';
import { loadTextData } from '../../data/loadTexts.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import { filesOfCheckpoint } from '../../hub/download/requestedFiles.ts';
import type { TextTokenizer } from '../../hub/tokenizer/tokenizer.ts';
import type { Loading } from '../../runs/loading.ts';
import { tensorLearners } from '../tensorLearner.ts';
import type { TrainingTask } from '../trainingTask.ts';
import { buildTextObjective } from './buildObjective.ts';
import { checkNetwork } from './checkNetwork.ts';
import {
  checkPrompts,
  checkTokenIds,
  emptyTextWarnings,
  maxExampleLength,
  type TokenLimit,
  tokenLimitOf,
  truncationWarnings,
  unknownTokenWarnings,
} from './checkTexts.ts';
import { type CheckpointPlace, downloadWeights, openPretrained } from './pretrained.ts';
import { savedHead } from './savedHead.ts';

/**
 * Transformers of this program on examples that are texts.
 *
 * @throws ConfigError pointing at what is wrong in the config, the checkpoint or the data
 */
export async function openTextTask(
  parsed: ParsedConfig,
  device: Device,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  const { config } = parsed;
  const pretrained = await openPretrained(parsed, onLoading);
  const task = await readTexts(
    parsed,
    {
      ...pretrained,
      limit: tokenLimitOf(pretrained.config),
      vocabSize: pretrained.config.vocabSize,
      classes: pretrained.config.classes,
    },
    onLoading,
    reads,
  );
  const { data } = task;
  await checkNetwork(parsed, pretrained, data.classes);
  return {
    ...task,
    learner: tensorLearners(device, (options) =>
      buildTextObjective({ config, pretrained, data, device }, options),
    ),
  };
}

/** What reading texts needs to know of a checkpoint. */
interface TextCheckpoint extends CheckpointPlace {
  readonly tokenizer: TextTokenizer;
  readonly limit: TokenLimit;
  readonly vocabSize: number;
  /** Names of the saved head's outputs; null: it has none. */
  readonly classes: readonly string[] | null;
}

/** Reads and checks the texts of a config. @throws ConfigError */
export async function readTexts(
  parsed: ParsedConfig,
  checkpoint: TextCheckpoint,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<Omit<TrainingTask, 'learner'> & { readonly data: TextData }> {
  const { config } = parsed;
  const { name, revision, folder, tokenizer, limit } = checkpoint;
  const maxLength = maxExampleLength(parsed, limit);
  const { data: all, files } = await encoded(parsed, () =>
    reads.of(parsed, ['texts', folder, maxLength], () =>
      readDataFiles(parsed, onLoading, (files, onBytes) =>
        loadTextData(parsed, files, { tokenizer, maxLength }, onBytes),
      ),
    ),
  );
  checkTokenIds(parsed, [all.train, all.validation], checkpoint);
  const data = { ...all, validation: evaluationTexts(all.validation, config.evaluateExamples) };
  checkPrompts(parsed, data.validation.questions, limit);
  const generates = config.task === 'generation';
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
      ...emptyTextWarnings(namedFiles(config.data, 'train').join(', '), all.train),
      ...emptyTextWarnings(namedFiles(config.data, 'validation').join(', '), all.validation),
      ...truncationWarnings(data.train, maxLength),
      ...unknownTokenWarnings(data.train, tokenizer),
      ...savedHead(checkpoint, config, data.classes).warnings,
    ],
    download: (onLoading) => downloadWeights(parsed, checkpoint, onLoading),
  };
}

/** Reports texts that the tokenizer cannot encode. @throws ConfigError at `model.from` */
async function encoded<T>(parsed: ParsedConfig, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected: 'a tokenizer that can encode the texts of the data',
    });
  }
}
