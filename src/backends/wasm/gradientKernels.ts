import * as tf from '@tensorflow/tfjs-core';
import { SLOT, slotsPerRow } from '../../engine/kernels/layout.ts';
import { isInRange } from '../../engine/kernels/sharedKernels.ts';
import type { AdamWStep, StackedKernels } from '../interface/kernels.ts';
import { Heap } from './heap.ts';
import type { Threads } from './threads.ts';

/** Columns per unit of work. */
const CHUNK = 2 ** 14;
/** Columns that the kernels process at a time. */
const STEP = 4;

/** The engine's sums, by all threads, on gradients in the tensors' memory. Errors are those of `SharedKernels`. */
export function wasmStackedKernels(threads: Threads): StackedKernels {
  const heap = new Heap(threads);

  /** Runs a kernel that writes so many slots per chunk, and sums the slots of all chunks in order. */
  const sums = (
    kernel: string,
    before: readonly (number | tf.Tensor)[],
    columns: number,
    slots: number,
    work: number,
  ): Float64Array => {
    const squares = Math.ceil(columns / CHUNK) + (columns % STEP ? 1 : 0);
    const scratch = heap.make(squares, slots, SLOT / 4);
    heap.run(kernel, [...before, CHUNK, scratch], work);
    const { buffer, byteOffset } = heap.floats(scratch);
    const halves = new Float64Array(buffer, byteOffset, scratch.size / 2);
    const totals = new Float64Array(slots);
    for (let at = 0; at < squares * slots; at++) {
      totals[at % slots]! += halves[2 * at]! + halves[2 * at + 1]!;
    }
    scratch.dispose();
    return totals;
  };

  const gramOf = (stacked: tf.Tensor, exact: boolean): Float64Array => {
    const [k, columns] = sidesOf(stacked);
    const side = slotsPerRow(k);
    const args = [Number(exact), stacked, k, columns];
    const slots = sums('stackedGram', args, columns, side * side, (k * k * columns) / 2);
    return Float64Array.from({ length: k * k }, (_, at) => {
      const [i, j] = [Math.floor(at / k), at % k];
      return slots[Math.min(i, j) * side + Math.max(i, j)]!;
    });
  };

  return {
    addGram: (stacked, gram) => {
      const [k, columns] = sidesOf(stacked);
      const fast = columns > CHUNK ? gramOf(stacked, false) : null;
      const own = fast && isInRange(fast, k) ? fast : gramOf(stacked, true);
      for (const [at, value] of own.entries()) gram[at]! += value;
    },
    combine: (stacked, weights, shape) => {
      const [, columns] = sidesOf(stacked);
      const sum = heap.make(...shape);
      const used = [...weights.keys()].filter((i) => weights[i] !== 0);
      if (used.length === 0) {
        heap.floats(sum).fill(0);
        return sum;
      }
      const at = heap.floats(stacked).byteOffset;
      const terms = new Int32Array(2 * used.length);
      const numbers = new Float32Array(terms.buffer);
      for (const [n, i] of used.entries()) {
        terms[2 * n] = at + 4 * columns * i;
        numbers[2 * n + 1] = weights[i]!;
      }
      const args = [terms, used.length, columns, CHUNK, sum];
      heap.run('stackedCombine', args, 2 * used.length * columns);
      return sum;
    },
    products: (stacked, vector) => {
      const [k, columns] = sidesOf(stacked);
      const args = [stacked, k, columns, vector];
      return sums('stackedProducts', args, columns, k + 1, 2 * k * columns);
    },
  };
}

/** Groups, and elements of each. */
function sidesOf({ shape, size }: tf.Tensor): readonly [number, number] {
  return [shape[0]!, size / shape[0]!];
}

/** Time per element, in multiply-adds of a matrix product: it is limited by memory. */
const MEMORY_COST = 16;

/** Gives the same bits as tfjs's operations, in a quarter of their time. */
export function wasmAdamw(threads: Threads): AdamWStep {
  const heap = new Heap(threads);
  return ({ variable, first, second, gradient, prepared }, factors) => {
    makeUnshared(variable);
    const { beta1, beta2, epsilon, decay, rate, correction } = factors;
    const pointers = [variable, first, second, gradient, variable.size, Number(prepared)];
    const numbers = [beta1, 1 - beta1, beta2, 1 - beta2, decay, rate, correction, epsilon];
    heap.run('adamw', [...pointers, ...numbers], MEMORY_COST * variable.size);
  };
}

/** A variable may share its initial values with another tensor, which the in-place step must not change. */
function makeUnshared(variable: tf.Variable): void {
  if (tf.backend().refCount(variable.dataId) === 1) return;
  tf.tidy(() => variable.assign(tf.clone(variable)));
}
