import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Layer, LayerResult, Pass } from '../module/pass.ts';
import { scopedLayer } from './scopedLayer.ts';

/** A part of a network that is held, and let go, as one. */
export interface Block<X = Matrix> {
  readonly layer: Layer<X>;
  /** Whether anything in it is. */
  readonly trained: boolean;
  /** Whether it is gone through a second time before the way backward, for less memory. */
  readonly recomputed: boolean;
}

export interface ForwardResult {
  /** Let go by `back`; kept until the end of the pass, where it has no sink. */
  readonly y: Matrix;
  /**
   * Once, from ∂L/∂y, which stays the caller's, down to the lowest part that is trained. The sink settles at first, and after
   * each part.
   */
  backward(dy: Matrix): Promise<void>;
}

/** A network as parts on top of one another, from tokens up. */
export class LayerStack {
  readonly #input: Layer<TokenBatch>;
  readonly #upper: readonly Layer[];
  /** Index of the lowest part that is trained, where the input is 0. */
  readonly #lowest: number;

  constructor(input: Block<TokenBatch>, upper: readonly Block[]) {
    this.#input = scopedLayer(input.layer, input.recomputed);
    this.#upper = upper.map(({ layer, recomputed }) => scopedLayer(layer, recomputed));
    const trained = [input, ...upper].map((part) => part.trained);
    this.#lowest = trained.includes(true) ? trained.indexOf(true) : trained.length;
  }

  forward(pass: Pass): ForwardResult {
    const lowest = pass.sink ? this.#lowest : Number.POSITIVE_INFINITY;
    const oneWay: Pass = { ...pass, sink: null };
    const backwardSteps: LayerResult['backward'][] = [];
    let { y, backward } = this.#input(pass.tokens, lowest === 0 ? pass : oneWay);
    if (lowest === 0) backwardSteps.push(backward);
    let below: Matrix | null = null;
    this.#upper.forEach((layer, i) => {
      const part = i + 1;
      const x = y;
      ({ y, backward } = layer(x, part < lowest ? oneWay : pass));
      if (part >= lowest) backwardSteps.push(backward);
      if (part < lowest) x.dispose();
      if (part === lowest) below = x;
    });
    if (pass.sink && backwardSteps.length === 0) below = y;
    return { y, backward: (dy) => backwardThrough(backwardSteps, dy, below, pass) };
  }
}

/**
 * @param backwardSteps of the parts that are trained, and those above, upwards
 * @param below what the lowest of them came from, to be let go at last
 */
async function backwardThrough(
  backwardSteps: LayerResult['backward'][],
  dy: Matrix,
  below: Matrix | null,
  { sink }: Pass,
): Promise<void> {
  await sink!.flush();
  let gradient = dy;
  for (let part = backwardSteps.length - 1; part >= 0; part--) {
    const next = backwardSteps[part]!(gradient, part > 0);
    if (gradient !== dy) gradient.dispose();
    if (next) gradient = next;
    await sink!.flush();
  }
  tf.dispose(below ?? []);
}
