import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Parameters, Section } from '../layers/parameters.ts';
import type { Part } from '../layers/stack.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer } from '../module/pass.ts';

/** What one kind of decoder is made of, and what transformers calls it. */
export interface Family {
  /** Of all names below the head. */
  readonly prefix: string;
  /** Of the layers, which are numbered from 0. */
  readonly layerName: string;
  /** Of the norm above the layers. */
  readonly normName: string;
  input(parameters: Parameters): Promise<DecoderInput>;
  layer(section: Section): Promise<Layer>;
  /** @param name after the section's, or nothing */
  norm(section: Section, name: string): Promise<Layer>;
}

export interface DecoderInput {
  readonly part: Part<TokenBatch>;
  /** The table of tokens [vocabulary, width], which may be the head's matrix too. */
  readonly words: Parameter<Matrix>;
}
