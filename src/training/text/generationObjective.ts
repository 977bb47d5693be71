import type { TextData } from '../../data/dataset.ts';
import { type Group, groupBounds } from '../../data/grouping.ts';
import type { CausalModel } from '../../nn/decoders/causalModel.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import type { OnProgress } from '../../nn/module/progress.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import type { Validation } from '../objective/objective.ts';
import { answerStarts, batchOf } from './batches.ts';
import { GenerationValidation } from './generationValidation.ts';
import type { PretrainedGenerator, TextInputs } from './pretrained.ts';
import { TextObjective, type TextObjectiveOptions } from './textObjective.ts';

/** Answers to prompts, token by token. */
export class GenerationObjective extends TextObjective {
  readonly #network: CausalModel;
  readonly #data: TextData;
  readonly #padId: number;
  readonly #validation: GenerationValidation;

  constructor(
    model: TransformerModel,
    network: CausalModel,
    { data, pretrained, config, device }: TextInputs<PretrainedGenerator>,
    options: TextObjectiveOptions,
  ) {
    super(model, options);
    this.#network = network;
    this.#data = data;
    this.#padId = pretrained.padId;
    this.#validation = new GenerationValidation(network, data, pretrained, config.data, device);
  }

  protected override async backward(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]> {
    const { train } = this.#data;
    const indices = groups.flatMap(({ examples }) => [...examples]);
    const tokens = batchOf(train, indices, this.#padId, groupBounds(groups));
    const starts = answerStarts(train, indices);
    const { means } = await this.#network.gradients(tokens, starts, dropout, sink);
    return means;
  }

  override validate(onProgress: OnProgress): Promise<Validation> {
    return this.#validation.validate(onProgress);
  }
}
