import * as tf from '@tensorflow/tfjs-core';

/** Share of the wall time of `steps` steps that each kernel of the WASM backend takes, largest first. */
export function profile(run: () => unknown, steps: number): [kernel: string, share: number][] {
  const milliseconds = new Map<string, number>();
  let inside = false;
  const originals = tf.getKernelsForBackend('wasm');
  for (const kernel of originals) {
    replace({
      ...kernel,
      kernelFunc: (args) => {
        if (inside) return kernel.kernelFunc(args);
        inside = true;
        const before = performance.now();
        const result = kernel.kernelFunc(args);
        const name = label(kernel.kernelName, args.attrs, args.inputs);
        milliseconds.set(name, (milliseconds.get(name) ?? 0) + performance.now() - before);
        inside = false;
        return result;
      },
    });
  }
  const before = performance.now();
  for (let i = 0; i < steps; i++) run();
  const whole = performance.now() - before;
  originals.forEach(replace);
  const named = [...milliseconds].sort(([, a], [, b]) => b - a);
  const outside = whole - named.reduce((sum, [, time]) => sum + time, 0);
  return [...named, ['(outside kernels)', outside] as [string, number]].map(([name, time]) => [
    name,
    time / whole,
  ]);
}

function replace(kernel: tf.KernelConfig): void {
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel(kernel);
}

/** Name of a kernel; matrix products by which side is transposed and whether they are batched. */
function label(
  name: string,
  attributes: tf.NamedAttrMap | undefined,
  inputs: tf.NamedTensorInfoMap,
): string {
  if (name !== tf.BatchMatMul) return name;
  const { transposeA, transposeB } = attributes as unknown as tf.BatchMatMulAttrs;
  const many = inputs.a!.shape.slice(0, -2).some((length) => length > 1);
  return `${name} ${transposeA ? 'Aᵀ' : 'A'}${transposeB ? 'Bᵀ' : 'B'}${many ? ', batch' : ''}`;
}
