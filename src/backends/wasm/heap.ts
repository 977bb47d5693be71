import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Threads } from './threads.ts';

/** Less work than this is done before another thread wakes up; measured by `bench/threads.ts`. */
export const MIN_SHARED_WORK = 2 ** 20;

/** A number, a tensor (passed by address) or an array (copied to memory for the call). */
type Argument = number | tf.TensorInfo | Int32Array | Float32Array;

/** Kernels on tensors of tfjs's WASM backend, which must be the current one. */
export class Heap {
  readonly #threads: Threads;

  constructor(threads: Threads) {
    this.#threads = threads;
  }

  /** An uninitialized float32 tensor of the current scope. */
  make<T extends tf.Tensor>(...shape: number[]): T {
    return tf.engine().makeTensorFromTensorInfo(backend().makeOutput(shape, 'float32')) as T;
  }

  /** A view of its values, valid until the next tensor is made. */
  floats(tensor: tf.TensorInfo): Float32Array {
    return backend().typedArrayFromHeap(tensor) as Float32Array;
  }

  /**
   * Runs a kernel and blocks until it is done.
   *
   * @param work estimated cost, in multiplications of a product
   */
  run(kernel: string, args: readonly Argument[], work: number): void {
    const wasm = backend();
    const copies: tf.TensorInfo[] = [];
    try {
      const placed = args.map((value) => {
        if (!ArrayBuffer.isView(value)) return value;
        const dtype = value instanceof Int32Array ? 'int32' : 'float32';
        const copy = wasm.makeOutput([value.length], dtype, undefined, value);
        copies.push(copy);
        return copy;
      });
      const numbers = placed.map((value) =>
        typeof value === 'number' ? value : wasm.getMemoryOffset(value.dataId),
      );
      this.#threads.call(kernel, numbers, work < MIN_SHARED_WORK);
    } finally {
      for (const { dataId } of copies) wasm.disposeData(dataId);
    }
  }
}

function backend(): BackendWasm {
  return tf.backend() as BackendWasm;
}
