import { sum } from 'simple-statistics';
import type { DeferredErrors } from '../../backends/interface/deviceErrors.ts';
import type { Config } from '../../config/schema.ts';
import type { TextData } from '../../data/dataset.ts';
import { finalAnswer } from '../../data/prompts.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { GenerationConfig } from '../../hub/architecture/generationConfig.ts';
import type { TextTokenizer } from '../../hub/tokenizer/tokenizer.ts';
import type { GenerateOptions } from '../../nn/decoders/generate.ts';
import { type OnProgress, partialProgress } from '../../nn/module/progress.ts';
import { measureGeneration } from '../objective/metrics.ts';
import type { Validation } from '../objective/objective.ts';
import { fileIndexOf } from '../objective/predictions.ts';
import { spreadOfTexts } from '../objective/spread.ts';
import { AdaptiveBatcher } from './adaptiveBatcher.ts';
import { answerStarts, batchOf } from './batches.ts';

/** A network that answers prompts. */
interface GenerationNetwork {
  /** Loss of each answer token in nats, example by example. @param starts where each answer starts, in tokens */
  losses(tokens: TokenBatch, starts: readonly number[]): Promise<Float32Array>;
  /** Greedy answers to prompts of token ids, each with the token that ends it. */
  generate(
    prompts: readonly Int32Array[],
    options: GenerateOptions,
  ): Promise<readonly ArrayLike<number>[]>;
}

interface GenerationSource {
  readonly tokenizer: Pick<TextTokenizer, 'decode'>;
  readonly generation: GenerationConfig;
  readonly padId: number;
}

/** Validates a network that answers prompts. */
export class GenerationValidation {
  readonly #network: GenerationNetwork;
  readonly #data: TextData;
  readonly #pretrained: GenerationSource;
  readonly #settings: Pick<Config['data'], 'answerAfter' | 'maxNewTokens'>;
  readonly #lossBatches: AdaptiveBatcher;
  readonly #answerBatches: AdaptiveBatcher;

  constructor(
    network: GenerationNetwork,
    data: TextData,
    pretrained: GenerationSource,
    settings: Pick<Config['data'], 'answerAfter' | 'maxNewTokens'>,
    device: DeferredErrors,
  ) {
    this.#network = network;
    this.#data = data;
    this.#pretrained = pretrained;
    this.#settings = settings;
    this.#lossBatches = new AdaptiveBatcher(device);
    this.#answerBatches = new AdaptiveBatcher(device);
  }

  async validate(onProgress: OnProgress): Promise<Validation> {
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
        const tokens = batchOf(validation, batch, this.#pretrained.padId);
        const losses = await this.#network.losses(tokens, answerStarts(validation, batch));
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
        for (const [i, index] of batch.entries())
          texts[index] = await tokenizer.decode(answers[i]!);
      },
      onProgress,
    );
  }

  /** Tokens of each prompt with the longest possible answer. */
  #answeredLengths(prompts: readonly Int32Array[]): number[] {
    return prompts.map(({ length }) => length + this.#settings.maxNewTokens);
  }
}
