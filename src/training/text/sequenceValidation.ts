import type { DeferredErrors } from '../../backends/interface/deviceErrors.ts';
import type { TextData, TextDataset } from '../../data/dataset.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import { measure, type Outputs } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { predictionsOf } from '../objective/predictions.ts';
import { spreadOf } from '../objective/spread.ts';
import { AdaptiveBatcher } from './adaptiveBatcher.ts';
import { batchOf } from './batches.ts';

/** A network with a row of outputs for each example: logits of classes, or a value. */
interface SequenceNetwork {
  /** @returns [batch, outputs], row-major */
  outputs(tokens: TokenBatch): Promise<Float32Array>;
}

/** Validates a classifier or a regressor of texts. */
export class SequenceValidation {
  readonly #network: SequenceNetwork;
  readonly #data: TextData;
  readonly #task: SupervisedTask;
  readonly #padId: number;
  readonly #batches: AdaptiveBatcher;

  constructor(
    network: SequenceNetwork,
    data: TextData,
    { task, padId }: { readonly task: SupervisedTask; readonly padId: number },
    device: DeferredErrors,
  ) {
    this.#network = network;
    this.#data = data;
    this.#task = task;
    this.#padId = padId;
    this.#batches = new AdaptiveBatcher(device);
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
    const { validation } = this.#data;
    const outputs = await this.#outputsOf(validation, onProgress);
    return {
      metrics: measure(this.#task, outputs, validation.targets),
      spread: spreadOf(this.#data, outputs),
      predictions: () => predictionsOf(this.#data, outputs),
    };
  }

  async #outputsOf(dataset: TextDataset, onProgress: OnProgress): Promise<Outputs> {
    const rows = await this.#batches.run(
      dataset.lengths,
      () => new Array<Float32Array>(dataset.count),
      async (rows, batch) => {
        const values = await this.#network.outputs(batchOf(dataset, batch, this.#padId));
        const width = values.length / batch.length;
        batch.forEach((example, i) => {
          rows[example] = values.subarray(i * width, (i + 1) * width);
        });
      },
      onProgress,
    );
    const width = rows[0]!.length;
    const values = new Float32Array(dataset.count * width);
    rows.forEach((row, i) => {
      values.set(row, i * width);
    });
    return { values, width };
  }
}
