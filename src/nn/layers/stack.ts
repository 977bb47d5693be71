import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Layer, LayerResult, Pass } from '../module/pass.ts';
import { scopedLayer } from './scopedLayer.ts';

/** A part of a network whose saved tensors are disposed of together. */
export interface Block<X = Matrix> {
  readonly layer: Layer<X>;
  /** Whether any of its parameters is trained. */
  readonly trained: boolean;
  /** Gradient checkpointing: recompute its forward pass during the backward pass, to save memory. */
  readonly recomputed: boolean;
}

export interface ForwardResult {
  /** Disposed of by `backward`, or at the end of a pass without a sink. */
  readonly y: Matrix;
  /**
   * The backward pass from ∂L/∂y, which the caller owns, down to the lowest trained block. May be called once. The sink is
   * flushed before the first block and after each.
   */
  backward(dy: Matrix): Promise<void>;
}

/** A network of blocks, from tokens up. */
export class LayerStack {
  readonly #input: Layer<TokenBatch>;
  readonly #upper: readonly Layer[];
  /** Index of the lowest trained block; 0 is the input. */
  readonly #lowest: number;

  constructor(input: Block<TokenBatch>, upper: readonly Block[]) {
    this.#input = scopedLayer(input.layer, input.recomputed);
    this.#upper = upper.map(({ layer, recomputed }) => scopedLayer(layer, recomputed));
    const trained = [input, ...upper].map((block) => block.trained);
    this.#lowest = trained.includes(true) ? trained.indexOf(true) : trained.length;
  }

  forward(pass: Pass): ForwardResult {
    const lowest = pass.sink ? this.#lowest : Number.POSITIVE_INFINITY;
    const withoutSink: Pass = { ...pass, sink: null };
    const backwardSteps: LayerResult['backward'][] = [];
    let { y, backward } = this.#input(pass.tokens, lowest === 0 ? pass : withoutSink);
    if (lowest === 0) backwardSteps.push(backward);
    let below: Matrix | null = null;
    this.#upper.forEach((layer, i) => {
      const block = i + 1;
      const x = y;
      ({ y, backward } = layer(x, block < lowest ? withoutSink : pass));
      if (block >= lowest) backwardSteps.push(backward);
      if (block < lowest) x.dispose();
      if (block === lowest) below = x;
    });
    if (pass.sink && backwardSteps.length === 0) below = y;
    return { y, backward: (dy) => backwardThrough(backwardSteps, dy, below, pass) };
  }
}

/**
 * @param backwardSteps of the lowest trained block and all above, in forward order
 * @param below input of the lowest trained block, disposed of at the end
 */
async function backwardThrough(
  backwardSteps: LayerResult['backward'][],
  dy: Matrix,
  below: Matrix | null,
  { sink }: Pass,
): Promise<void> {
  await sink!.flush();
  let gradient = dy;
  for (let block = backwardSteps.length - 1; block >= 0; block--) {
    const next = backwardSteps[block]!(gradient, block > 0);
    if (gradient !== dy) gradient.dispose();
    if (next) gradient = next;
    await sink!.flush();
  }
  tf.dispose(below ?? []);
}
