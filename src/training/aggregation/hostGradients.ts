import * as tf from '@tensorflow/tfjs-core';
import { valuesOf } from '../../backends/hostValues.ts';
import type { EngineClient } from '../../engine/client.ts';
import { SharedGradients } from '../../engine/kernels/sharedGradients.ts';
import type { AggregatorChoice, MeasuredVector, ProblemOptions } from '../../engine/types.ts';
import type { ParameterVector } from './products.ts';

/** Gradients in memory that this process shares with the engine's threads, which compute on them in place. */
export class HostGradients {
  readonly #engine: EngineClient;
  /** Reused from step to step. */
  readonly #shared = new SharedGradients();

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /** Copies the gradients into shared memory and aggregates them there. The engine writes the combination next to them. */
  async aggregate(
    rows: readonly ParameterVector[],
    choice: AggregatorChoice,
    options: ProblemOptions,
  ) {
    const d = rows[0]!.reduce((size, part) => size + part.size, 0);
    this.#shared.resize(rows.length, d);
    for (const [i, row] of rows.entries()) {
      let at = 0;
      for (const part of row) {
        this.#shared.write(i, at, valuesOf(part));
        at += part.size;
      }
    }
    return this.#engine.aggregateShared(this.#shared, choice, options);
  }

  /** The combination of the last `aggregate`, in tensors shaped like the variables; null if all weights are 0. */
  combination(variables: readonly tf.Tensor[], weights: Float64Array): tf.Tensor[] | null {
    if (weights.every((weight) => weight === 0)) return null;
    let at = 0;
    return tf.tidy(() =>
      variables.map(({ shape, size }) => {
        at += size;
        return tf.tensor(this.#shared.combination(at - size, size), shape);
      }),
    );
  }

  /** Inner products of a vector with the gradients of the last `aggregate`. Overwrites their combination. */
  async measure(vector: ParameterVector): Promise<MeasuredVector> {
    let at = 0;
    for (const part of vector) {
      this.#shared.writeVector(at, valuesOf(part));
      at += part.size;
    }
    const products = await this.#engine.measureShared(this.#shared);
    return { norm2: products.at(-1)!, inner: Array.from(products.subarray(0, -1)) };
  }
}
