import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Block } from '../layers/stack.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer } from '../module/pass.ts';
import type { NetworkParameters } from '../parameters/networkParameters.ts';
import type { Submodule } from '../parameters/submodule.ts';

/** A decoder below its head. */
export interface DecoderBody {
  readonly input: DecoderInput;
  /** The layers, and the norm above them. */
  readonly upper: readonly Block[];
}

/** @param checkpointing recompute each layer's forward pass during the backward pass, to save memory */
export async function decoderBody(
  parameters: NetworkParameters,
  family: DecoderFamily,
  layers: number,
  checkpointing: boolean,
): Promise<DecoderBody> {
  const input = await family.input(parameters);
  const upper: Block[] = [];
  for (let index = 0; index < layers; index++) {
    const submodule = parameters.submodule(`${family.layerName}.${index}`, { layer: index });
    const layer = await family.layer(submodule);
    upper.push({ layer, trained: submodule.trained, recomputed: checkpointing });
  }
  const submodule = parameters.submodule(family.normName, 'norm');
  const norm = await family.norm(submodule, '');
  return {
    input,
    upper: [...upper, { layer: norm, trained: submodule.trained, recomputed: false }],
  };
}

/** How one family of decoders is built, with the names of transformers. */
export interface DecoderFamily {
  /** Prefix of all names below the head. */
  readonly prefix: string;
  /** Name of the layers, which are numbered from 0. */
  readonly layerName: string;
  /** Name of the norm above the layers. */
  readonly normName: string;
  input(parameters: NetworkParameters): Promise<DecoderInput>;
  layer(submodule: Submodule): Promise<Layer>;
  /** @param name below the submodule's; may be empty */
  norm(submodule: Submodule, name: string): Promise<Layer>;
}

export interface DecoderInput {
  readonly block: Block<TokenBatch>;
  /** [vocabSize, hiddenSize]; may be tied to the head. */
  readonly tokenEmbeddings: Parameter<Matrix>;
}
