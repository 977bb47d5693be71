import * as tf from '@tensorflow/tfjs-core';
import type { AttentionShape, Matrix } from '../../src/backends/operations/operations.ts';
import { fusedAssembly, plainAssembly } from '../../src/backends/wasm/assemblies.ts';
import { Heap } from '../../src/backends/wasm/heap.ts';
import { replaceMatMulShared } from '../../src/backends/wasm/matMul.ts';
import { wasmOperations } from '../../src/backends/wasm/operations.ts';
import { registerSharedBackend } from '../../src/backends/wasm/sharedMemory.ts';
import { Threads } from '../../src/backends/wasm/threads.ts';
import { assembled } from '../../src/engine/kernels/build.ts';
import { type Operations, plain } from './encoder.ts';

/** Without relaxed SIMD, a product and a sum are two instructions. */
async function compiledKernels(fused: boolean): Promise<WebAssembly.Module> {
  const { sources, libraries = [], ...assembly } = fused ? fusedAssembly : plainAssembly;
  const here = new URL('assembly/', import.meta.url);
  const wasm = await assembled({
    ...assembly,
    sources: here,
    libraries: [sources, ...libraries],
  });
  return new WebAssembly.Module(wasm);
}

/**
 * Makes tfjs's WASM backend the current one, with the trainer's operations registered as kernels with gradients.
 */
export async function useWasmKernels(fused: boolean, parts: number): Promise<Operations> {
  const memory = await registerSharedBackend();
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const threads = new Threads(await compiledKernels(fused), memory, parts);
  replaceMatMulShared(threads);
  const heap = new Heap(threads);
  const own = wasmOperations(threads);

  type Inputs = Record<string, Matrix>;
  const register = (
    name: string,
    run: (inputs: Inputs, attributes: Record<string, number>) => tf.Tensor | tf.Tensor[],
  ) => {
    if (tf.getKernel(name, 'wasm')) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => run(inputs as Inputs, attrs as Record<string, number>),
    });
  };
  const apply = <T>(name: string, inputs: Record<string, tf.Tensor>, attributes: object = {}) =>
    tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap) as T;
  /** For all rows as one group. */
  const whole = (x: tf.Tensor) => [0, x.shape[0]!];
  const vector = (x?: tf.Tensor) => x as tf.Tensor1D;

  register('OwnDense', ({ x, weight, bias }) => own.linear(x!, weight!, vector(bias), 'in-out'));
  tf.registerGradient({
    kernelName: 'OwnDense',
    inputsToSave: ['x', 'weight'],
    gradFunc: (grad, saved) => {
      const [dy, x, weight] = [grad, ...saved] as [Matrix, Matrix, Matrix];
      return {
        x: () => own.linearInput(dy, weight, 'in-out'),
        weight: () => tf.reshape(own.linearWeight(x, dy, whole(dy), 'in-out'), weight.shape),
        bias: () => tf.reshape(own.rowSums(dy, whole(dy)), [-1]),
      };
    },
  });

  register('OwnGelu', ({ x }) => own.activation('gelu', x!));
  tf.registerGradient({
    kernelName: 'OwnGelu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({
      x: () => own.activationInput('gelu', x as Matrix, dy as Matrix),
    }),
  });

  register('OwnAdd', ({ x, y }) => own.add(x!, y!));
  tf.registerGradient({
    kernelName: 'OwnAdd',
    gradFunc: (dy) => ({ x: () => tf.clone(dy as tf.Tensor), y: () => tf.clone(dy as tf.Tensor) }),
  });
  /** tfjs adds up the gradients of a tensor that is used more than once by this kernel. */
  const addAsItComes = tf.getKernel(tf.Add, 'wasm').kernelFunc;
  tf.unregisterKernel(tf.Add, 'wasm');
  tf.registerKernel({
    kernelName: tf.Add,
    backendName: 'wasm',
    kernelFunc: (args) => {
      const { a, b } = args.inputs as Inputs;
      const alike = a!.dtype === 'float32' && tf.util.arraysEqual(a!.shape, b!.shape);
      return alike ? own.add(a!, b!) : addAsItComes(args);
    },
  });

  register('OwnLayerNorm', ({ x, gamma, beta }) => {
    const { y, stats } = own.layerNorm(x!, vector(gamma), vector(beta), 1e-12);
    return [y, ...stats];
  });
  tf.registerGradient({
    kernelName: 'OwnLayerNorm',
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (grads, saved) => {
      const [x, gamma] = saved as [Matrix, tf.Tensor1D];
      const stats = saved.slice(2) as tf.Tensor1D[];
      const dy = (grads as Matrix[])[0]!;
      // Not inside the functions: tensors that one of them creates and does not return are disposed of before the next is called.
      const parameters = own.layerNormParameters(x, stats, dy, whole(dy));
      return {
        x: () => own.layerNormInput(x, gamma, stats, dy),
        gamma: () => tf.reshape(parameters.gamma, [-1]),
        beta: () => tf.reshape(parameters.beta, [-1]),
      };
    },
  });

  register('OwnAttention', ({ q, k, v, mask }, { heads }) => {
    const { y, probabilities } = own.attention(q!, k!, v!, mask!, shapeOf(q!, mask!, heads!));
    return [y, probabilities];
  });
  tf.registerGradient({
    kernelName: 'OwnAttention',
    inputsToSave: ['q', 'k', 'v', 'mask'],
    outputsToSave: [false, true],
    gradFunc: (grads, saved) => {
      const [q, k, v, mask] = saved as [Matrix, Matrix, Matrix, Matrix];
      const probabilities = saved[4]!;
      const shape = shapeOf(q, mask, probabilities.shape[1]!);
      const dy = (grads as Matrix[])[0]!;
      const back = own.attentionInputs(q, k, v, probabilities, dy, shape);
      return { q: () => tf.clone(back.q), k: () => tf.clone(back.k), v: () => tf.clone(back.v) };
    },
  });

  register(tf.UnsortedSegmentSum, ({ x, segmentIds }, { numSegments }) => {
    const [rows, width] = x!.shape;
    const sums = heap.make<Matrix>(numSegments!, width);
    const args = [x!, segmentIds!, Int32Array.of(0, rows), sums, 1, numSegments!, width];
    heap.run('segmentSums', args, x!.size + sums.size);
    return sums;
  });

  return {
    ...plain,
    dense: (x, weight, bias) => apply('OwnDense', { x, weight, bias }),
    add: (x, y) => apply('OwnAdd', { x, y }),
    gelu: (x) => apply('OwnGelu', { x }),
    layerNorm: (x, gamma, beta) => apply<Matrix[]>('OwnLayerNorm', { x, gamma, beta })[0]!,
    attention: (q, k, v, mask, heads) =>
      apply<Matrix[]>('OwnAttention', { q, k, v, mask }, { heads })[0]!,
    descend: (variable, gradient, rate) =>
      heap.run('descend', [variable, gradient, rate, variable.size], 8 * variable.size),
  };
}

function shapeOf(q: Matrix, mask: Matrix, heads: number): AttentionShape {
  const [batch, length] = mask.shape;
  const width = q.shape[1] / heads;
  const lengths = { batch, queries: length, keys: length };
  return { ...lengths, heads, keyValueHeads: heads, width, causal: false, dropout: null };
}
