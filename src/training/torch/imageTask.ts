import type { TorchDevice } from '../../backends/device.ts';
import { explain } from '../../config/diagnostic.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import type { DataReads } from '../../data/dataReads.ts';
import type { TabularData } from '../../data/dataset.ts';
import { evaluationImages, evaluationRows } from '../../data/evaluationSubset.ts';
import { readDataFiles } from '../../data/files.ts';
import { loadImageData } from '../../data/loadImages.ts';
import { loadTabularData } from '../../data/loadTabular.ts';
import { filesOfCheckpoint } from '../../hub/download/requestedFiles.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import type { Loading } from '../../runs/loading.ts';
import { downloadWeights } from '../text/pretrained.ts';
import { savedHead } from '../text/savedHead.ts';
import type { TrainingTask } from '../trainingTask.ts';
import { imageInputs, type TorchImages } from './imageInputs.ts';
import { describeCheckpoint } from './torchCheckpoint.ts';
import { TorchLearner } from './torchLearner.ts';

/**
 * Networks of transformers on examples that are images.
 *
 * @throws ConfigError pointing at what is wrong in the config, the checkpoint or the data
 */
export async function openImageTask(
  parsed: ParsedConfig,
  device: TorchDevice,
  onLoading: (loading: Loading) => void,
  reads: DataReads,
): Promise<TrainingTask> {
  const { config } = parsed;
  const checkpoint = await describeCheckpoint(parsed, onLoading);
  const { data: images, files } = await reads.of(parsed, ['images', config.evaluateExamples], () =>
    readDataFiles(parsed, onLoading, (files, onBytes) =>
      config.data.imageFile === undefined
        ? pixelRows(parsed, loadTabularData(parsed, files, onBytes))
        : imageFiles(parsed, loadImageData(parsed, files, onBytes)),
    ),
  );
  const { data } = images;
  const { name, revision, folder } = checkpoint;
  const task = config.task as SupervisedTask;
  const inputs = imageInputs(task, checkpoint, images, device);
  return {
    data,
    files,
    model: { folder, files: () => filesOfCheckpoint(folder, { generates: false }) },
    sources: {
      ...(revision && { model: `${name}@${revision}` }),
      ...(files.source && { data: files.source }),
    },
    warnings: [
      ...data.notices.map(explain),
      ...savedHead(checkpoint, config, data.classes).warnings,
    ],
    download: (onLoading) => downloadWeights(parsed, checkpoint, onLoading),
    learner: (options) => TorchLearner.create(device, inputs, options),
  };
}

async function imageFiles(
  { config }: ParsedConfig,
  loading: ReturnType<typeof loadImageData>,
): Promise<TorchImages> {
  const data = await loading;
  const validation = evaluationImages(data.validation, config.evaluateExamples);
  return { data: { ...data, validation }, shape: [] };
}

async function pixelRows(
  parsed: ParsedConfig,
  loading: Promise<TabularData>,
): Promise<TorchImages> {
  const data = await loading;
  checkPixels(parsed, data);
  const validation = evaluationRows(data.validation, parsed.config.evaluateExamples);
  return { data: { ...data, validation }, shape: data.shape };
}

/** @throws ConfigError unless pixels are grey or colours, from 0 to 1 */
function checkPixels(parsed: ParsedConfig, { train, validation, shape }: TabularData): void {
  const channels = shape.at(-1)!;
  if (channels !== 1 && channels !== 3) {
    throw parsed.error(['data', 'image'], `images have ${channels} channels`, {
      expected: '[height, width, 1] for grey, or [height, width, 3] for red, green and blue',
    });
  }
  for (const { features } of [train, validation]) {
    const [least, most] = [features.reduce(min), features.reduce(max)];
    if (least >= 0 && most <= 1) continue;
    throw parsed.error(['data', 'scale'], `pixels are from ${least} to ${most}`, {
      expected: 'numbers from 0 to 1. Set data.scale to what they are divided by: 255 for bytes',
    });
  }
}

const min = (a: number, b: number) => Math.min(a, b);
const max = (a: number, b: number) => Math.max(a, b);
