import type { NumberArray } from '../../backends/torch/frames.ts';
import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { GenerateOptions } from '../../nn/decoders/generate.ts';

/** A network in the child process, without its gradients. */
export class TorchNetwork {
  readonly #process: TorchProcess;

  constructor(process: TorchProcess) {
    this.#process = process;
  }

  /** @returns [batch, outputs], row-major */
  async outputs(tokens: TokenBatch): Promise<Float32Array> {
    const { outputs } = await this.#process.call('outputs', batchMessage(tokens, []));
    return outputs.values;
  }

  /** Loss of each answer token in nats, example by example. */
  async losses(tokens: TokenBatch, starts: readonly number[]): Promise<Float32Array> {
    const { losses } = await this.#process.call('answerLosses', batchMessage(tokens, starts));
    return losses.values;
  }

  async generate(
    prompts: readonly Int32Array[],
    { maxNewTokens, endIds, onProgress }: GenerateOptions,
  ): Promise<readonly Int32Array[]> {
    const ids = Int32Array.from(prompts.flatMap((prompt) => [...prompt]));
    const lengths = Int32Array.from(prompts, ({ length }) => length);
    const reply = await this.#process.call(
      'generate',
      { ids: row(ids), lengths: row(lengths), maxNewTokens, endIds: [...endIds] },
      onProgress,
    );
    let at = 0;
    return Array.from(reply.lengths.values, (length) => {
      at += length;
      return reply.ids.values.subarray(at - length, at);
    });
  }
}

/** @param targets classes, values, or where each answer starts; empty if there are none */
export function batchMessage(tokens: TokenBatch, targets: readonly number[]) {
  const shape = [tokens.batchSize, tokens.length];
  return {
    ids: { shape, values: tokens.ids },
    typeIds: { shape, values: tokens.typeIds },
    lengths: row(tokens.lengths),
    bounds: row(Int32Array.from(tokens.exampleBounds)),
    targets: row(Float64Array.from(targets)),
  };
}

/** An array of one dimension. */
export function row<T extends NumberArray['values']>(values: T): { shape: number[]; values: T } {
  return { shape: [values.length], values };
}
