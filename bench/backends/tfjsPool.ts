/** tfjs's WASM backend in several threads, each with its own backend and a share of the batch. Argument: threads. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { openPlainWasm } from '../../src/backends/wasm/wasm.ts';
import { type EncoderCase, parametersOf, sizeOf } from './cases.ts';
import { Encoder, plain } from './encoder.ts';
import { LEARNING_RATE, serve, type Task } from './engine.ts';

interface Share {
  readonly model: EncoderCase;
  readonly initial: readonly Float32Array[];
  readonly part: number;
  readonly parts: number;
  /** The gradients of all parts, one after another. */
  readonly gradients: SharedArrayBuffer;
}

if (isMainThread) await serve({ step });
else await work(workerData as Share);

async function step(model: EncoderCase, initial: readonly Float32Array[]): Promise<Task> {
  const parts = Number(process.argv[2]);
  const trained = parametersOf(model).filter((parameter) => parameter.trained);
  const size = trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const gradients = new SharedArrayBuffer(4 * parts * size);
  const workers = Array.from({ length: parts }, (_, part) => {
    const share: Share = { model, initial, part, parts, gradients };
    return new Worker(new URL(import.meta.url), { workerData: share });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const each = async (request: string): Promise<number[]> => {
    const answers = workers.map((worker) => once(worker, 'message'));
    for (const worker of workers) worker.postMessage(request);
    return (await Promise.all(answers)).map(([answer]) => answer);
  };
  return {
    run: async () => {
      const losses = await each('differentiate');
      await each('descend');
      return losses.reduce((sum, loss) => sum + loss, 0) / parts;
    },
    dispose: () => {
      for (const worker of workers) worker.terminate();
    },
  };
}

async function work({ model, initial, part, parts, gradients }: Share): Promise<void> {
  tf.enableProdMode();
  await openPlainWasm('it is compared');
  const bounds = [part, part + 1].map((p) => (model.batch * p) / parts) as [number, number];
  const encoder = new Encoder(model, initial, plain, bounds);
  const all = new Float32Array(gradients);
  const size = all.length / parts;
  parentPort!.on('message', (request) => {
    parentPort!.postMessage(request === 'differentiate' ? differentiate() : descend());
  });
  parentPort!.postMessage('ready');

  function differentiate(): number {
    const { value, grads } = encoder.gradients();
    let at = part * size;
    for (const gradient of grads) {
      all.set(gradient.dataSync(), at);
      at += gradient.size;
    }
    const loss = value.dataSync()[0]!;
    tf.dispose([value, ...grads]);
    return loss;
  }

  /** Every thread updates its own copy of the parameters in the same way. */
  function descend(): void {
    let at = 0;
    for (const variable of encoder.trained) {
      const mean = new Float32Array(variable.size);
      for (let p = 0; p < parts; p++) {
        const one = all.subarray(p * size + at, p * size + at + variable.size);
        for (let j = 0; j < mean.length; j++) mean[j]! += one[j]! / parts;
      }
      const gradient = tf.tensor(mean, variable.shape);
      plain.descend(variable, gradient, LEARNING_RATE);
      gradient.dispose();
      at += variable.size;
    }
  }
}
