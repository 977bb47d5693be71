import * as tf from '@tensorflow/tfjs-core';
import type { Matrix, WeightLayout } from '../../backends/operations/operations.ts';
import type { Parameter } from '../module/parameter.ts';
import type { Layer, LayerResult, Pass, Vector } from '../module/pass.ts';

export interface Linear {
  readonly weight: Parameter<Matrix>;
  readonly bias: Parameter<Vector> | null;
  readonly layout: WeightLayout;
  readonly adapter: Adapter | null;
}

/** LoRA (Hu et al., arXiv 2106.09685): y = x·Wᵀ + b + scale·(dropout(x)·Aᵀ)·Bᵀ, in the shapes of peft. */
export interface Adapter {
  /** A [rank, in]. */
  readonly down: Parameter<Matrix>;
  /** B [out, rank]. */
  readonly up: Parameter<Matrix>;
  /** alpha/rank. */
  readonly scale: number;
  readonly dropout: number;
}

export function linear({ weight, bias, layout, adapter }: Linear): Layer {
  return (x, pass) => {
    const { operations } = pass;
    const base = operations.linear(x, weight.value, bias?.value ?? null, layout);
    const adapted = adapter && adapt(adapter, x, pass);
    return {
      y: adapted ? sum(base, adapted.y, pass) : base,
      savesInput: weight.trained || (adapted?.savesInput ?? false),
      backward(dy, needsInputGradient = true) {
        if (weight.trained) {
          const stacked = operations.linearWeight(x, dy, pass.bounds, layout);
          pass.sink!.add(weight, { stacked });
        }
        if (bias?.trained) pass.sink!.add(bias, { stacked: operations.rowSums(dy, pass.bounds) });
        const through = adapted?.backward(dy, needsInputGradient);
        if (!needsInputGradient) return null;
        const dx = operations.linearInput(dy, weight.value, layout);
        return through ? sum(dx, through, pass) : dx;
      },
    };
  };
}

function adapt({ down, up, scale, dropout }: Adapter, x: Matrix, pass: Pass): LayerResult {
  const { operations, bounds, sink } = pass;
  const dropped = pass.dropout?.at(down.name, dropout) ?? null;
  const input = dropped ? operations.dropout(x, dropped) : x;
  const low = tf.tidy((): Matrix => {
    return tf.mul(operations.linear(input, down.value, null, 'out-in'), scale);
  });
  return {
    y: operations.linear(low, up.value, null, 'out-in'),
    savesInput: input === x,
    backward(dy, needsInputGradient) {
      if (up.trained) {
        sink!.add(up, { stacked: operations.linearWeight(low, dy, bounds, 'out-in') });
      }
      const gradient: Matrix = tf.mul(operations.linearInput(dy, up.value, 'out-in'), scale);
      if (down.trained) {
        sink!.add(down, { stacked: operations.linearWeight(input, gradient, bounds, 'out-in') });
      }
      if (!needsInputGradient) return null;
      const dx = operations.linearInput(gradient, down.value, 'out-in');
      return dropped ? operations.dropout(dx, dropped) : dx;
    },
  };
}

/** x + y; disposes of both. */
function sum(x: Matrix, y: Matrix, { operations }: Pass): Matrix {
  const both = operations.add(x, y);
  tf.dispose([x, y]);
  return both;
}
