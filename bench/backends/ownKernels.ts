import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { assembled } from '../../src/engine/kernels/build.ts';
import { fusedAssembly, plainAssembly } from '../../src/training/devices/kernels/load.ts';
import { replaceMatMulShared } from '../../src/training/devices/kernels/product.ts';
import { registerSharedBackend } from '../../src/training/devices/wasm/sharedBackend.ts';
import { Threads } from '../../src/training/devices/wasm/threads.ts';
import { type Operations, plain } from './encoder.ts';

/** Without relaxed SIMD, a product and a sum are two instructions. */
async function compiledKernels(fused: boolean): Promise<WebAssembly.Module> {
  const { sources, ...assembly } = fused ? fusedAssembly : plainAssembly;
  const here = new URL('assembly/', import.meta.url);
  return new WebAssembly.Module(await assembled({ ...assembly, sources: here }, [sources]));
}

/** Work below this many elements stays on one thread. */
const SMALL = 1 << 14;

interface Pointed {
  readonly dataId: tf.TensorInfo['dataId'];
}

/** Makes tfjs's WASM backend the one that tensors are made on, with own kernels and their gradients in it. */
export async function useOwnKernels(fused: boolean, parts: number): Promise<Operations> {
  const memory = await registerSharedBackend();
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const threads = new Threads(await compiledKernels(fused), memory, parts);
  replaceMatMulShared(threads);
  const backend = tf.backend() as BackendWasm;
  const at = ({ dataId }: Pointed) => backend.dataIdMap.get(dataId).memoryOffset;
  const make = (...shape: number[]) => backend.makeOutput(shape, 'float32');

  type Inputs = Record<string, tf.TensorInfo>;
  const register = (
    name: string,
    run: (inputs: Inputs, attributes: Record<string, number>) => tf.TensorInfo | tf.TensorInfo[],
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

  register('OwnDense', ({ x, weight, bias }) => {
    const [m, k] = x!.shape as [number, number];
    const n = weight!.shape[1]!;
    const c = make(m, n);
    threads.call(
      'product',
      [at(x!), k, 1, 0, at(weight!), n, 1, 0, at(c), 1, m, n, k, at(bias!)],
      m * n * k < 8 * SMALL,
    );
    return c;
  });
  register('OwnColumnSums', ({ x }) => {
    const [m, n] = x!.shape as [number, number];
    const sums = make(n);
    threads.call('columnSums', [at(x!), at(sums), m, n], m * n < SMALL);
    return sums;
  });
  tf.registerGradient({
    kernelName: 'OwnDense',
    inputsToSave: ['x', 'weight'],
    gradFunc: (dy, [x, weight]) => ({
      x: () => tf.matMul(dy as tf.Tensor2D, weight as tf.Tensor2D, false, true),
      weight: () => tf.matMul(x as tf.Tensor2D, dy as tf.Tensor2D, true, false),
      bias: () => apply<tf.Tensor>('OwnColumnSums', { x: dy as tf.Tensor }),
    }),
  });

  register('OwnGelu', ({ x, dy }) => {
    const y = make(...x!.shape);
    const size = tf.util.sizeFromShape(x!.shape);
    threads.call('gelu', [at(x!), dy ? at(dy) : 0, at(y), size], size < SMALL);
    return y;
  });
  tf.registerGradient({
    kernelName: 'OwnGelu',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({
      x: () => apply<tf.Tensor>('OwnGelu', { x: x!, dy: dy as tf.Tensor }),
    }),
  });

  register('OwnAdd', ({ x, y }) => {
    const z = make(...x!.shape);
    const size = tf.util.sizeFromShape(x!.shape);
    threads.call('add', [at(x!), at(y!), at(z), size], size < SMALL);
    return z;
  });
  tf.registerGradient({
    kernelName: 'OwnAdd',
    gradFunc: (dy) => ({ x: () => tf.clone(dy as tf.Tensor), y: () => tf.clone(dy as tf.Tensor) }),
  });
  /** tfjs adds up the slopes of a tensor that is used more than once by this kernel. */
  const addAsItComes = tf.getKernel(tf.Add, 'wasm').kernelFunc;
  tf.unregisterKernel(tf.Add, 'wasm');
  tf.registerKernel({
    kernelName: tf.Add,
    backendName: 'wasm',
    kernelFunc: (args) => {
      const { a, b } = args.inputs as Inputs;
      const size = tf.util.sizeFromShape(a!.shape);
      if (size % 4 || a!.dtype !== 'float32' || !tf.util.arraysEqual(a!.shape, b!.shape)) {
        return addAsItComes(args);
      }
      const z = make(...a!.shape);
      threads.call('add', [at(a!), at(b!), at(z), size], size < SMALL);
      return z;
    },
  });

  register('OwnLayerNorm', ({ x, gamma, beta }) => {
    const [m, n] = x!.shape as [number, number];
    const outputs = [make(m, n), make(m), make(m)] as const;
    threads.call('layerNorm', [x!, gamma!, beta!, ...outputs].map(at).concat(m, n), m * n < SMALL);
    return [...outputs];
  });
  register('OwnLayerNormInput', ({ x, gamma, means, scales, dy }) => {
    const [m, n] = x!.shape as [number, number];
    const dx = make(m, n);
    const args = [x!, gamma!, means!, scales!, dy!, dx].map(at).concat(m, n);
    threads.call('layerNormInput', args, m * n < SMALL);
    return dx;
  });
  register('OwnLayerNormParameters', ({ x, means, scales, dy }) => {
    const [m, n] = x!.shape as [number, number];
    const outputs = [make(n), make(n)] as const;
    const args = [x!, means!, scales!, dy!, ...outputs].map(at).concat(m, n);
    threads.call('layerNormParameters', args, m * n < SMALL);
    return [...outputs];
  });
  tf.registerGradient({
    kernelName: 'OwnLayerNorm',
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (slopes, [x, gamma, means, scales]) => {
      const dy = (slopes as tf.Tensor[])[0]!;
      const row = { x: x!, means: means!, scales: scales!, dy };
      // Not inside the functions: what one of them makes and does not return is gone when the next is called.
      const [dgamma, dbeta] = apply<tf.Tensor[]>('OwnLayerNormParameters', row);
      return {
        x: () => apply<tf.Tensor>('OwnLayerNormInput', { ...row, gamma: gamma! }),
        gamma: () => tf.clone(dgamma!),
        beta: () => tf.clone(dbeta!),
      };
    },
  });

  register('OwnAttention', ({ q, k, v, mask }, { heads }) => {
    const [batch, length] = mask!.shape as [number, number];
    const width = q!.shape[1]!;
    const probabilities = make(batch, heads!, length, length);
    const out = make(batch * length, width);
    const pointers = [q!, k!, v!, mask!, probabilities, out].map(at);
    threads.call('attention', [...pointers, batch, heads!, length, width / heads!]);
    return [out, probabilities];
  });
  register('OwnAttentionGradient', ({ q, k, v, probabilities, dy }) => {
    const [batch, heads, length] = probabilities!.shape as [number, number, number];
    const [rows, width] = q!.shape as [number, number];
    const outputs = [make(rows, width), make(rows, width), make(rows, width)];
    const pointers = [q!, k!, v!, probabilities!, dy!, ...outputs].map(at);
    threads.call('attentionGradient', [...pointers, batch, heads, length, width / heads]);
    return outputs;
  });
  tf.registerGradient({
    kernelName: 'OwnAttention',
    inputsToSave: ['q', 'k', 'v'],
    outputsToSave: [false, true],
    gradFunc: (slopes, [q, k, v, probabilities]) => {
      const dy = (slopes as tf.Tensor[])[0]!;
      const [dq, dk, dv] = apply<tf.Tensor[]>('OwnAttentionGradient', {
        ...{ q: q!, k: k!, v: v!, dy },
        probabilities: probabilities!,
      });
      return { q: () => tf.clone(dq!), k: () => tf.clone(dk!), v: () => tf.clone(dv!) };
    },
  });

  register(tf.UnsortedSegmentSum, ({ x, segmentIds }, { numSegments }) => {
    const [m, n] = x!.shape as [number, number];
    const sums = make(numSegments!, n);
    threads.call('segmentSum', [at(x!), at(segmentIds!), at(sums), m, n, numSegments!]);
    return sums;
  });

  return {
    ...plain,
    dense: (x, weight, bias) => apply('OwnDense', { x, weight, bias }),
    add: (x, y) => apply('OwnAdd', { x, y }),
    gelu: (x) => apply('OwnGelu', { x }),
    layerNorm: (x, gamma, beta) => apply<tf.Tensor2D[]>('OwnLayerNorm', { x, gamma, beta })[0]!,
    attention: (q, k, v, mask, heads) =>
      apply<tf.Tensor2D[]>('OwnAttention', { q, k, v, mask }, { heads })[0]!,
    descend: (variable, gradient, rate) => {
      threads.call(
        'descend',
        [at(variable), at(gradient), rate, variable.size],
        variable.size < SMALL,
      );
    },
  };
}
