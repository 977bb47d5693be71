import type { TextData, TextDataset } from '../../data/dataset.ts';
import type { Group } from '../../data/grouping.ts';
import { type TokenBatch, tokenBatchOf } from '../../data/tokenBatch.ts';
import type { SupervisedTask } from '../../nn/module/loss.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { SequenceModel } from '../../nn/sequenceModel.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import { measure, type Outputs } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { predictionsOf } from '../objective/predictions.ts';
import { spreadOf } from '../objective/spread.ts';
import { AdaptiveBatcher } from './adaptiveBatcher.ts';
import type { PretrainedClassifier, TextInputs } from './pretrained.ts';
import { groupBounds, TextObjective, type TextObjectiveOptions } from './textObjective.ts';

/** A class or a value for each text, or pair of texts. */
export class SequenceObjective extends TextObjective {
  readonly #network: SequenceModel;
  readonly #data: TextData;
  readonly #task: SupervisedTask;
  readonly #padId: number;
  readonly #batches: AdaptiveBatcher;

  constructor(
    model: TransformerModel,
    network: SequenceModel,
    { data, pretrained, device }: TextInputs<PretrainedClassifier>,
    options: TextObjectiveOptions,
  ) {
    super(model, options);
    this.#network = network;
    this.#data = data;
    this.#task = pretrained.task;
    this.#padId = pretrained.padId;
    this.#batches = new AdaptiveBatcher(device);
  }

  protected override backward(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]> {
    const { train } = this.#data;
    const indices = groups.flatMap(({ examples }) => [...examples]);
    const tokens = this.#tokens(train, indices, groupBounds(groups));
    const targets = indices.map((index) => train.targets[index]!);
    return this.#network.gradients(tokens, targets, dropout, sink);
  }

  override async validate(onProgress: OnProgress): Promise<Validation> {
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
        const tokens = this.#tokens(dataset, batch, [0, batch.length]);
        const values = await this.#network.outputs(tokens);
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

  #tokens(
    { examples }: TextDataset,
    indices: readonly number[],
    bounds: readonly number[],
  ): TokenBatch {
    return tokenBatchOf(
      indices.map((index) => examples[index]!),
      this.#padId,
      bounds,
    );
  }
}
