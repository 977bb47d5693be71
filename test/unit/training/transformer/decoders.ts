import {
  type DecoderConfig,
  readCheckpointConfig,
} from '../../../../src/training/huggingface/config.ts';
import { openSafetensors } from '../../../../src/training/huggingface/safetensors.ts';
import { composed } from '../../../../src/training/transformer/composed.ts';
import {
  type CausalNetwork,
  causalDecoder,
  type DecoderSource,
} from '../../../../src/training/transformer/decoders/build.ts';
import { CausalModel } from '../../../../src/training/transformer/decoders/causalModel.ts';
import type { Operations } from '../../../../src/training/transformer/operations.ts';
import type { Parameters } from '../../../../src/training/transformer/parameters.ts';
import { passOver, type TokenBatch } from '../../../../src/training/transformer/pass.ts';
import type { Plan } from '../../../../src/training/transformer/plan.ts';
import { full } from './plan.ts';

export interface Options {
  readonly plan?: Plan;
  readonly checkpointing?: boolean;
  /** Of everything that drops. */
  readonly dropout?: number;
  readonly operations?: Operations;
}

/** Opens a checkpoint for one of the builders. */
export async function open<T>(
  here: string,
  build: (source: DecoderSource) => Promise<T>,
  { plan = full, checkpointing = false, dropout }: Options = {},
): Promise<T> {
  const read = (await readCheckpointConfig(here)) as DecoderConfig;
  const dropouts = { dropout, attentionDropout: dropout, embeddingDropout: dropout };
  const config = dropout === undefined ? read : ({ ...read, ...dropouts } as DecoderConfig);
  const tensors = await openSafetensors(here);
  try {
    return await build({ config, tensors, file: here, plan, checkpointing });
  } finally {
    await tensors.close();
  }
}

export interface OpenedCausal {
  readonly network: CausalNetwork;
  readonly parameters: Parameters;
  readonly model: CausalModel;
}

export const openCausal = (here: string, options?: Options): Promise<OpenedCausal> =>
  open(
    here,
    async (source) => {
      const { network, parameters } = await causalDecoder(source);
      const model = new CausalModel(
        options?.operations ?? composed,
        network,
        source.config.maxPositions,
      );
      return { network, parameters, model };
    },
    options,
  );

/** Of every row [rows, vocabulary]. */
export async function logitsOf(
  operations: Operations,
  { network: { stack, head } }: OpenedCausal,
  tokens: TokenBatch,
) {
  return passOver(operations, tokens, { dropout: null, sink: null }, async (pass) => {
    const { y } = stack.forward(pass);
    const logits = pass.kept.add(operations.linear(y, head.value, null, 'out-in'));
    return logits.data<'float32'>();
  });
}

/** One text. */
export function alone(ids: readonly number[]): TokenBatch {
  return {
    batch: 1,
    length: ids.length,
    ids: Int32Array.from(ids),
    typeIds: new Int32Array(ids.length),
    lengths: Int32Array.of(ids.length),
    examples: [0, 1],
  };
}
