import type { Device } from '../../backends/device.ts';
import { explain } from '../../config/diagnostic.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import { userPath } from '../../config/userPath.ts';
import type { DataReads } from '../../data/dataReads.ts';
import { evaluationRows } from '../../data/evaluationSubset.ts';
import { readDataFiles } from '../../data/files.ts';
import { loadTabularData } from '../../data/loadTabular.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import { buildModel } from '../../nn/small/build.ts';
import { modelFiles } from '../../nn/small/files.ts';
import type { Loading } from '../../runs/loading.ts';
import { trainingLoss } from '../objective/lossShape.ts';
import { tensorLearners } from '../tensorLearner.ts';
import type { SavedModel, TrainingTask } from '../trainingTask.ts';
import { TabularObjective } from './tabularObjective.ts';

/**
 * Layers models on examples that are rows of numbers.
 *
 * @throws ConfigError pointing at what is wrong in the config or the data
 */
export async function openTabularTask(
  parsed: ParsedConfig,
  device: Device,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  const { config, folder } = parsed;
  const { data: all, files } = await reads.of(parsed, ['rows'], () =>
    readDataFiles(parsed, onLoading, (files, onBytes) => loadTabularData(parsed, files, onBytes)),
  );
  const data = { ...all, validation: evaluationRows(all.validation, config.evaluateExamples) };
  const outputs = config.task === 'classification' ? data.classes.length : 1;
  return {
    data,
    files,
    model: config.model.from ? savedModel(userPath(config.model.from, folder)) : null,
    sources: { ...(files.source && { data: files.source }) },
    warnings: data.notices.map(explain),
    learner: tensorLearners(device, async ({ seed, aggregation }) => {
      const shape = { input: data.shape, outputs };
      const model = await buildModel(config.model, shape, seed.init, folder);
      const loss = trainingLoss(aggregation, data);
      return new TabularObjective(model, data, config.task as SupervisedTask, loss);
    }),
  };
}

function savedModel(folder: string): SavedModel {
  return { folder, files: () => modelFiles(folder) };
}
