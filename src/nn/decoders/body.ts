import type { Parameters } from '../layers/parameters.ts';
import type { Part } from '../layers/stack.ts';
import type { DecoderInput, Family } from './family.ts';

/** A decoder below its head. */
export interface DecoderBody {
  readonly input: DecoderInput;
  /** The last is the norm above the layers. */
  readonly upper: readonly Part[];
}

/** @param checkpointing layers are gone through a second time before the way back, for less memory */
export async function decoderBody(
  parameters: Parameters,
  family: Family,
  layers: number,
  checkpointing: boolean,
): Promise<DecoderBody> {
  const input = await family.input(parameters);
  const upper: Part[] = [];
  for (let index = 0; index < layers; index++) {
    const section = parameters.section(`${family.layerName}.${index}`, { layer: index });
    const layer = await family.layer(section);
    upper.push({ layer, trained: section.trained, recomputed: checkpointing });
  }
  const section = parameters.section(family.normName, 'norm');
  const norm = await family.norm(section, '');
  return { input, upper: [...upper, { layer: norm, trained: section.trained, recomputed: false }] };
}
