import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../../backends/operations/operations.ts';
import type { TokenBatch } from '../../data/tokenBatch.ts';
import type { Forward, Layer, Pass } from '../module/pass.ts';
import { block } from './block.ts';

/** A part of a network that is held, and let go, as one. */
export interface Part<X = Matrix> {
  readonly layer: Layer<X>;
  /** Whether anything in it is. */
  readonly trained: boolean;
  /** Whether it is gone through a second time before the way back, for less memory. */
  readonly recomputed: boolean;
}

export interface Through {
  /** Let go by `back`; kept until the end of the pass, where it has no sink. */
  readonly y: Matrix;
  /**
   * Once, from ∂L/∂y, which stays the caller's, down to the lowest part that is trained. The sink settles at first, and after
   * each part.
   */
  back(dy: Matrix): Promise<void>;
}

/** A network as parts on top of one another, from tokens up. */
export class Stack {
  readonly #input: Layer<TokenBatch>;
  readonly #upper: readonly Layer[];
  /** Index of the lowest part that is trained, where the input is 0. */
  readonly #lowest: number;

  constructor(input: Part<TokenBatch>, upper: readonly Part[]) {
    this.#input = block(input.layer, input.recomputed);
    this.#upper = upper.map(({ layer, recomputed }) => block(layer, recomputed));
    const trained = [input, ...upper].map((part) => part.trained);
    this.#lowest = trained.includes(true) ? trained.indexOf(true) : trained.length;
  }

  forward(pass: Pass): Through {
    const lowest = pass.sink ? this.#lowest : Number.POSITIVE_INFINITY;
    const oneWay: Pass = { ...pass, sink: null };
    const backs: Forward['back'][] = [];
    let { y, back } = this.#input(pass.tokens, lowest === 0 ? pass : oneWay);
    if (lowest === 0) backs.push(back);
    let below: Matrix | null = null;
    this.#upper.forEach((layer, i) => {
      const part = i + 1;
      const x = y;
      ({ y, back } = layer(x, part < lowest ? oneWay : pass));
      if (part >= lowest) backs.push(back);
      if (part < lowest) x.dispose();
      if (part === lowest) below = x;
    });
    if (pass.sink && backs.length === 0) below = y;
    return { y, back: (dy) => goBack(backs, dy, below, pass) };
  }
}

/**
 * @param backs of the parts that are trained, and those above, upwards
 * @param below what the lowest of them came from, to be let go at last
 */
async function goBack(
  backs: Forward['back'][],
  dy: Matrix,
  below: Matrix | null,
  { sink }: Pass,
): Promise<void> {
  await sink!.flush();
  let slope = dy;
  for (let part = backs.length - 1; part >= 0; part--) {
    const next = backs[part]!(slope, part > 0);
    if (slope !== dy) slope.dispose();
    if (next) slope = next;
    await sink!.flush();
  }
  tf.dispose(below ?? []);
}
