import type { Operations } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import { eachGroup, groupMeans } from '../module/loss.ts';
import type { ParameterSink } from '../module/parameter.ts';
import { checkLength, type Dropout, runPass } from '../module/pass.ts';
import type { CausalNetwork } from './build.ts';
import { answersOf, causalLoss } from './causalLoss.ts';
import { type GenerateOptions, generate } from './generate.ts';

/** Losses of a language model on the answers of a batch. */
export interface AnswerLosses {
  /** Mean over each group's answer tokens, in nats. */
  readonly means: readonly number[];
  /** Answer tokens of each group. */
  readonly counts: readonly number[];
}

/** A language model: it continues texts and learns from answers. */
export class CausalModel {
  readonly #operations: Operations;
  readonly #network: CausalNetwork;
  readonly #maxTokens: number;

  /** @param maxTokens maximum number of tokens of an example, its answer included */
  constructor(operations: Operations, network: CausalNetwork, maxTokens: number) {
    this.#operations = operations;
    this.#network = network;
    this.#maxTokens = maxTokens;
  }

  /**
   * One forward and backward pass: each group's gradient of its mean loss over the tokens of its answers goes to the sink.
   *
   * @param starts where each example's answer starts, in tokens
   * @throws ModelError for examples that are too long
   */
  async gradients(
    tokens: TokenBatch,
    starts: ArrayLike<number>,
    dropout: Dropout | null,
    sink: ParameterSink,
  ): Promise<AnswerLosses> {
    checkLength(tokens, this.#maxTokens);
    const answers = answersOf(tokens, starts);
    return runPass(this.#operations, tokens, { dropout, sink }, async (pass) => {
      const { y, backward } = this.#network.stack.forward(pass);
      const { losses, gradient } = causalLoss(y, this.#network.head, answers, pass);
      await backward(gradient!);
      return {
        means: groupMeans(await losses.data<'float32'>(), answers.bounds),
        counts: eachGroup(answers.bounds, (start, end) => end - start),
      };
    });
  }

  /**
   * Loss of each answer token in nats, example by example; e to their mean is the perplexity.
   *
   * @param starts where each example's answer starts, in tokens
   * @throws ModelError for examples that are too long
   */
  async losses(tokens: TokenBatch, starts: ArrayLike<number>): Promise<Float32Array> {
    checkLength(tokens, this.#maxTokens);
    const answers = answersOf(tokens, starts);
    return runPass(this.#operations, tokens, { dropout: null, sink: null }, async (pass) => {
      const { y } = this.#network.stack.forward(pass);
      const { losses } = causalLoss(y, this.#network.head, answers, pass);
      return losses.data<'float32'>();
    });
  }

  /** Greedy continuation; see `generate`. */
  generate(prompts: readonly ArrayLike<number>[], options: GenerateOptions): Promise<number[][]> {
    return generate(this.#operations, this.#network, prompts, this.#maxTokens, options);
  }
}
