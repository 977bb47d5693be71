import path from 'node:path';
import type { TorchDevice } from '../../backends/device.ts';
import type { RequestOf } from '../../backends/torch/messages.ts';
import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { Data, ImageDataset, ImageSource, TabularDataset } from '../../data/dataset.ts';
import { groupBounds } from '../../data/grouping.ts';
import { IMAGE_PROCESSOR_FILE } from '../../hub/download/requestedFiles.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import { measure, type Outputs } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { predictionsOf } from '../objective/predictions.ts';
import { spreadOf } from '../objective/spread.ts';
import { AdaptiveBatcher } from '../text/adaptiveBatcher.ts';
import { buildRequest } from './buildRequest.ts';
import type { DescribedCheckpoint } from './torchCheckpoint.ts';
import type { TorchInputs } from './torchLearner.ts';
import { row } from './torchNetwork.ts';

/** Encoded images, or rows of pixels. */
type Images = ImageDataset | TabularDataset;

/** Images, and if they are rows of pixels, the shape of one: height, width, channels. */
export interface TorchImages {
  readonly data: Data<Images>;
  readonly shape: readonly number[];
}

/** A network that classifies images, or gives each a value. */
export function imageInputs(
  task: SupervisedTask,
  checkpoint: DescribedCheckpoint,
  images: TorchImages,
  device: TorchDevice,
): TorchInputs {
  const { data } = images;
  return {
    request: (options) =>
      buildRequest(checkpoint, data, options, { inputs: 'images', padId: 0, endIds: [] }),
    gradients: async (process, groups, seed) => {
      const indices = groups.flatMap(({ examples }) => [...examples]);
      const batch = await batchOf(process, data.train, indices, images.shape);
      const bounds = row(Int32Array.from(groupBounds(groups)));
      return process.call('imageGradients', { ...batch, bounds, seed });
    },
    validation: (process) => new ImageValidation(process, task, images, device),
    companions: [path.join(checkpoint.folder, IMAGE_PROCESSOR_FILE)],
  };
}

async function batchOf(
  process: TorchProcess,
  dataset: Images,
  indices: readonly number[],
  shape: readonly number[],
): Promise<RequestOf<'imageOutputs'>> {
  const images = 'images' in dataset ? indices.map((index) => dataset.images[index]!) : [];
  return {
    ...(await encodedIn(process, images)),
    pixels: pixelsOf(dataset, indices, shape),
    bounds: row(Int32Array.of(0, indices.length)),
    targets: row(Float64Array.from(indices, (index) => dataset.targets[index]!)),
  };
}

/** The bytes only of images that the child does not have. */
async function encodedIn(
  process: TorchProcess,
  images: readonly ImageSource[],
): Promise<Pick<RequestOf<'imageOutputs'>, 'paths' | 'encoded' | 'ends'>> {
  const paths = images.map(({ name }) => name);
  const parts: Uint8Array[] = images.map(() => new Uint8Array());
  if (images.some(({ bytes }) => bytes)) {
    const { missing } = await process.call('missingImages', { names: paths });
    for (const i of missing.values) parts[i] = images[i]!.bytes ?? parts[i]!;
  }
  let end = 0;
  return {
    paths,
    encoded: row(Buffer.concat(parts)),
    ends: row(Int32Array.from(parts, ({ length }) => (end += length))),
  };
}

function pixelsOf(
  dataset: Images,
  indices: readonly number[],
  shape: readonly number[],
): RequestOf<'imageOutputs'>['pixels'] {
  if ('images' in dataset) return { shape: [0], values: new Float32Array() };
  const { features, width } = dataset;
  const values = new Float32Array(indices.length * width);
  indices.forEach((index, i) => {
    values.set(features.subarray(index * width, (index + 1) * width), i * width);
  });
  return { shape: [indices.length, ...shape], values };
}

/** Examples a batch in validation, unless the memory is too small. */
const BATCH = 32;

class ImageValidation {
  readonly #process: TorchProcess;
  readonly #task: SupervisedTask;
  readonly #images: TorchImages;
  readonly #batches: AdaptiveBatcher;

  constructor(
    process: TorchProcess,
    task: SupervisedTask,
    images: TorchImages,
    device: TorchDevice,
  ) {
    this.#process = process;
    this.#task = task;
    this.#images = images;
    this.#batches = new AdaptiveBatcher(device, BATCH);
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
    const { data } = this.#images;
    const outputs = await this.#outputs(onProgress);
    return {
      metrics: measure(this.#task, outputs, data.validation.targets),
      spread: spreadOf(data, outputs),
      predictions: () => predictionsOf(data, outputs),
    };
  }

  #outputs(onProgress: OnProgress): Promise<Outputs> {
    const { data, shape } = this.#images;
    const { validation } = data;
    const width = Math.max(1, data.classes.length);
    return this.#batches.run(
      new Uint8Array(validation.count).fill(1),
      () => ({ values: new Float32Array(validation.count * width), width }),
      async ({ values }, batch) => {
        const request = await batchOf(this.#process, validation, batch, shape);
        const { outputs } = await this.#process.call('imageOutputs', request);
        batch.forEach((example, i) => {
          values.set(outputs.values.subarray(i * width, (i + 1) * width), example * width);
        });
      },
      onProgress,
    );
  }
}
