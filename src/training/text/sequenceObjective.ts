import type { LossShape } from '../../config/techniques/description.ts';
import type { TextData } from '../../data/dataset.ts';
import { type Group, groupBounds } from '../../data/grouping.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { SequenceModel } from '../../nn/sequenceModel.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import type { Validation } from '../objective/objective.ts';
import { batchOf } from './batches.ts';
import { withCopies } from './copies.ts';
import type { PretrainedClassifier, TextInputs } from './pretrained.ts';
import { SequenceValidation } from './sequenceValidation.ts';
import { TextObjective, type TextObjectiveOptions } from './textObjective.ts';

/** A class or a value for each text, or pair of texts. */
export class SequenceObjective extends TextObjective {
  readonly #network: SequenceModel;
  readonly #data: TextData;
  readonly #padId: number;
  readonly #loss: LossShape | null;
  readonly #validation: SequenceValidation;

  constructor(
    model: TransformerModel,
    network: SequenceModel,
    { data, pretrained, device }: TextInputs<PretrainedClassifier>,
    options: TextObjectiveOptions,
    loss: LossShape | null,
  ) {
    super(model, options);
    this.#loss = loss;
    this.#network = network;
    this.#data = data;
    this.#padId = pretrained.padId;
    this.#validation = new SequenceValidation(network, data, pretrained, device);
  }

  protected override backward(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]> {
    const { train } = this.#data;
    const each = withCopies(groups, this.#loss);
    const indices = each.flatMap(({ examples }) => [...examples]);
    const tokens = batchOf(train, indices, this.#padId, groupBounds(each));
    const targets = indices.map((index) => train.targets[index]!);
    return this.#network.gradients(tokens, targets, dropout, sink, this.#loss);
  }

  override validate(onProgress: OnProgress): Promise<Validation> {
    return this.#validation.validate(onProgress);
  }
}
