import { sum } from 'simple-statistics';
import type { Config } from '../../config/schema.ts';
import { finalAnswer } from '../../data/answers.ts';
import type { TextData } from '../../data/dataset.ts';
import type { Group } from '../../data/grouping.ts';
import { type TokenBatch, tokenBatchOf } from '../../data/tokenBatch.ts';
import type { CausalModel } from '../../nn/decoders/causalModel.ts';
import { type OnProgress, partOf } from '../../nn/module/onProgress.ts';
import type { ParameterSink } from '../../nn/module/parameter.ts';
import type { Dropout } from '../../nn/module/pass.ts';
import { measureGeneration } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { placeOf } from '../objective/predictions.ts';
import { AdaptiveBatcher } from './batchesByLength.ts';
import { boundsOf } from './bounds.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Learner } from './learner.ts';
import type { TextSetting } from './setting.ts';

type Answering = Pick<Config['data'], 'answerAfter' | 'maxNewTokens'>;

/** Answers to prompts, token by token. */
export class GenerationLearner implements Learner {
  readonly #model: CausalModel;
  readonly #data: TextData;
  readonly #checkpoint: Checkpoint;
  readonly #answering: Answering;
  readonly #lossBatches: AdaptiveBatcher;
  readonly #answerBatches: AdaptiveBatcher;

  constructor(model: CausalModel, { data, checkpoint, config, device }: TextSetting) {
    this.#model = model;
    this.#data = data;
    this.#checkpoint = checkpoint;
    this.#answering = config.data;
    this.#lossBatches = new AdaptiveBatcher(device);
    this.#answerBatches = new AdaptiveBatcher(device);
  }

  async gradients(
    groups: readonly Group[],
    dropout: Dropout,
    sink: ParameterSink,
  ): Promise<readonly number[]> {
    const indices = groups.flatMap(({ examples }) => [...examples]);
    const { tokens, starts } = this.#batch(this.#data.train, indices, boundsOf(groups));
    const { means } = await this.#model.gradients(tokens, starts, dropout, sink);
    return means;
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
    const { questions, lengths } = this.#data.validation;
    const { answerAfter: mark } = this.#answering;
    const prompts = questions.map(({ prompt }) => prompt);
    const read = sum(Array.from(lengths));
    const share = read / (read + sum(this.#answeredLengths(prompts)));
    const loss = await this.#meanLoss(partOf(onProgress, 0, share));
    const generated = await this.#answer(prompts, partOf(onProgress, share, 1));
    const references = questions.map(({ answer }) => answer);
    return {
      metrics: measureGeneration(loss, { generated, references, mark }),
      predictions: () =>
        generated.map((text, i) => ({
          index: placeOf(this.#data.validation, i),
          target: references[i]!,
          prediction: text,
          correct: finalAnswer(text, mark) === finalAnswer(references[i]!, mark),
        })),
    };
  }

  /** Mean cross-entropy of the answers' tokens, in nats. */
  async #meanLoss(onProgress: OnProgress): Promise<number> {
    const { validation } = this.#data;
    const { nats, count } = await this.#lossBatches.through(
      validation.lengths,
      () => ({ nats: 0, count: 0 }),
      async (total, batch) => {
        const { tokens, starts } = this.#batch(validation, batch, [0, batch.length]);
        const losses = await this.#model.losses(tokens, starts);
        total.nats += losses.reduce((nats, loss) => nats + loss, 0);
        total.count += losses.length;
      },
      onProgress,
    );
    return nats / count;
  }

  async #answer(prompts: readonly Int32Array[], onProgress: OnProgress): Promise<string[]> {
    const { tokenizer, generation } = this.#checkpoint;
    const { maxNewTokens } = this.#answering;
    const { endIds } = generation!;
    return this.#answerBatches.through(
      this.#answeredLengths(prompts),
      () => new Array<string>(prompts.length),
      async (texts, batch, onPart) => {
        const asked = batch.map((index) => prompts[index]!);
        const written = await this.#model.generate(asked, {
          maxNewTokens,
          endIds,
          onProgress: onPart,
        });
        batch.forEach((index, i) => {
          texts[index] = tokenizer.decode(written[i]!);
        });
      },
      onProgress,
    );
  }

  /** Tokens of each prompt with the longest answer that it may get. */
  #answeredLengths(prompts: readonly Int32Array[]): number[] {
    return prompts.map(({ length }) => length + this.#answering.maxNewTokens);
  }

  #batch(
    { examples }: TextData['train'],
    indices: readonly number[],
    bounds: readonly number[],
  ): { tokens: TokenBatch; starts: readonly number[] } {
    const chosen = indices.map((index) => examples[index]!);
    return {
      tokens: tokenBatchOf(chosen, this.#checkpoint.padId, bounds),
      starts: chosen.map(({ answerAt }) => answerAt!),
    };
  }
}
