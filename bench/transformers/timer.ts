import * as tf from '@tensorflow/tfjs-core';

/** Time by name. Time measured inside another measurement counts only for the inner one. */
export class Timer {
  readonly #milliseconds = new Map<string, number>();
  #isOn = false;
  /** Time of inner measurements within the current one. */
  #within = 0;

  measure<T>(name: string, run: () => T): T {
    if (!this.#isOn) return run();
    const outside = this.#within;
    this.#within = 0;
    const started = performance.now();
    const stop = () => {
      const elapsed = performance.now() - started;
      const own = elapsed - this.#within;
      this.#milliseconds.set(name, (this.#milliseconds.get(name) ?? 0) + own);
      this.#within = outside + elapsed;
    };
    const result = run();
    if (result instanceof Promise) return result.finally(stop) as T;
    stop();
    return result;
  }

  /** The same methods, measured. */
  watch<T extends object>(methods: T, name: (method: string) => string): T {
    return new Proxy(methods, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        const bound = (...args: unknown[]) => value.apply(target, args);
        return (...args: unknown[]) => this.measure(name(String(key)), () => bound(...args));
      },
    });
  }

  /** Shares of the wall time of a task, largest first. */
  async sharesOf(task: () => Promise<unknown>): Promise<[name: string, share: number][]> {
    const kernels = tf.getKernelsForBackend('wasm');
    for (const kernel of kernels) {
      const kernelFunc: tf.KernelFunc = (args) =>
        this.measure(`tfjs’s ${kernel.kernelName}`, () => kernel.kernelFunc(args));
      replace({ ...kernel, kernelFunc });
    }
    this.#isOn = true;
    const started = performance.now();
    await task();
    const whole = performance.now() - started;
    this.#isOn = false;
    kernels.forEach(replace);
    const shares = [...this.#milliseconds].map(([name, ms]): [string, number] => [
      name,
      ms / whole,
    ]);
    return shares.sort(([, one], [, other]) => other - one);
  }
}

function replace(kernel: tf.KernelConfig): void {
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel(kernel);
}
