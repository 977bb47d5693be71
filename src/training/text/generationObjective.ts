import { sum } from 'simple-statistics';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import type { Group } from '../../data/grouping.ts';
import { finalAnswer } from '../../data/prompts.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import { tokenBatchOf } from '../../data/tokenBatch.ts';
import type { CausalModel } from '../../nn/decoders/causalModel.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import { type OnProgress, partialProgress } from '../../nn/module/progress.ts';
import type { TransformerModel } from '../../nn/transformerModel.ts';
import { measureGeneration } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { fileIndexOf } from '../objective/predictions.ts';
import { spreadOfTexts } from '../objective/spread.ts';
import { AdaptiveBatcher } from './adaptiveBatcher.ts';
import type { PretrainedGenerator, TextInputs } from './pretrained.ts';
import { groupBounds, TextObjective, type TextObjectiveOptions } from './textObjective.ts';

/** Answers to prompts, token by token. */
export class GenerationObjective extends TextObjective {
  readonly #network: CausalModel;
  readonly #data: TextData;
  readonly #pretrained: PretrainedGenerator;
  readonly #settings: Pick<Config['data'], 'answerAfter' | 'maxNewTokens'>;
  readonly #lossBatches: AdaptiveBatcher;
  readonly #answerBatches: AdaptiveBatcher;

  constructor(
    model: TransformerModel,
    network: CausalModel,
    { data, pretrained, config, device }: TextInputs<PretrainedGenerator>,
    options: TextObjectiveOptions,
  ) {
    super(model, options);
    this.#network = network;
    this.#data = data;
    this.#pretrained = pretrained;
    this.#settings = config.data;
    this.#lossBatches = new AdaptiveBatcher(device);
    this.#answerBatches = new AdaptiveBatcher(device);
  }

  protected override async backward(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]> {
    const indices = groups.flatMap(({ examples }) => [...examples]);
    const { tokens, starts } = this.#batch(this.#data.train, indices, groupBounds(groups));
    const { means } = await this.#network.gradients(tokens, starts, dropout, sink);
    return means;
  }

  override async validate(onProgress: OnProgress): Promise<Validation> {
    const { questions, lengths } = this.#data.validation;
    const { answerAfter: marker } = this.#settings;
    const prompts = questions.map(({ prompt }) => prompt);
    const read = sum(Array.from(lengths));
    const share = read / (read + sum(this.#answeredLengths(prompts)));
    const loss = await this.#meanLoss(partialProgress(onProgress, 0, share));
    const generated = await this.#answer(prompts, partialProgress(onProgress, share, 1));
    const references = questions.map(({ answer }) => answer);
    return {
      metrics: measureGeneration(loss, { generated, references, marker }),
      spread: spreadOfTexts(generated, references),
      predictions: () =>
        generated.map((text, i) => ({
          index: fileIndexOf(this.#data.validation, i),
          target: references[i]!,
          prediction: text,
          correct: finalAnswer(text, marker) === finalAnswer(references[i]!, marker),
        })),
    };
  }

  /** Mean cross-entropy of the answers' tokens, in nats. */
  async #meanLoss(onProgress: OnProgress): Promise<number> {
    const { validation } = this.#data;
    const { nats, count } = await this.#lossBatches.run(
      validation.lengths,
      () => ({ nats: 0, count: 0 }),
      async (total, batch) => {
        const { tokens, starts } = this.#batch(validation, batch, [0, batch.length]);
        const losses = await this.#network.losses(tokens, starts);
        total.nats += losses.reduce((nats, loss) => nats + loss, 0);
        total.count += losses.length;
      },
      onProgress,
    );
    return nats / count;
  }

  async #answer(prompts: readonly Int32Array[], onProgress: OnProgress): Promise<string[]> {
    const { tokenizer, generation } = this.#pretrained;
    const { maxNewTokens } = this.#settings;
    const { endIds } = generation;
    return this.#answerBatches.run(
      this.#answeredLengths(prompts),
      () => new Array<string>(prompts.length),
      async (texts, batch, onPart) => {
        const batchPrompts = batch.map((index) => prompts[index]!);
        const answers = await this.#network.generate(batchPrompts, {
          maxNewTokens,
          endIds,
          onProgress: onPart,
        });
        batch.forEach((index, i) => {
          texts[index] = tokenizer.decode(answers[i]!);
        });
      },
      onProgress,
    );
  }

  /** Tokens of each prompt with the longest possible answer. */
  #answeredLengths(prompts: readonly Int32Array[]): number[] {
    return prompts.map(({ length }) => length + this.#settings.maxNewTokens);
  }

  #batch(
    { examples }: TextData['train'],
    indices: readonly number[],
    bounds: readonly number[],
  ): { tokens: TokenBatch; starts: readonly number[] } {
    const chosen = indices.map((index) => examples[index]!);
    return {
      tokens: tokenBatchOf(chosen, this.#pretrained.padId, bounds),
      starts: chosen.map(({ answerAt }) => answerAt!),
    };
  }
}
