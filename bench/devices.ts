/**
 * Time of one GRAIN step (gradients of k groups, aggregation, AdamW) of the model zoo on 28×28 images: the JavaScript
 * and the WASM backend, unchanged and with this repository's kernels, WASM also on shared memory. All in one run: `node bench/devices.ts`.
 */
import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../src/backends/device.ts';
import { openPlainWasm } from '../src/backends/wasm/wasm.ts';
import { resolvedAggregation } from '../src/config/aggregation.ts';
import { EngineClient } from '../src/engine/client.ts';
import { lossOf } from '../src/nn/module/loss.ts';
import type { ModelConfig } from '../src/nn/module/model.ts';
import { buildModel } from '../src/nn/small/build.ts';
import { groupGradient } from '../src/nn/small/trainableNetwork.ts';
import { StepAggregator } from '../src/training/aggregation/stepAggregator.ts';
import { buildOptimizer } from '../src/training/optimizers/fromConfig.ts';

const INPUT = [28, 28, 1];
const CLASSES = 10;
const GROUPS = 8;
const GROUP_SIZE = 8;
const WARM_UP = 2;

const zoo: Record<string, ModelConfig> = {
  'mlp 784-128-10': { architecture: 'mlp', hidden: [128] },
  'mlp 784-1024-1024-10': { architecture: 'mlp', hidden: [1024, 1024] },
  'cnn 8-16': { architecture: 'cnn', filters: [8, 16] },
};

interface StepTime {
  readonly gradients: number;
  readonly aggregate: number;
  readonly update: number;
}

/** Milliseconds of each part of the fastest step, on tfjs's current backend. */
async function timeStep(
  engine: EngineClient,
  config: ModelConfig,
  steps: number,
): Promise<StepTime> {
  const device = { backend: 'cpu', name: '', hostMemory: true, close: async () => {} } as const;
  const step = new StepAggregator(engine, device, {
    aggregation: resolvedAggregation('grain', 'drop'),
  });
  const model = await buildModel(config, { input: INPUT, outputs: CLASSES }, 1, '.');
  const optimizer = buildOptimizer({
    name: 'adamw',
    momentum: 0,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  const groups = Array.from({ length: GROUPS }, (_, group) => ({
    x: tf.randomNormal([GROUP_SIZE, ...INPUT], 0, 1, 'float32', group + 1),
    y: tf.tensor1d(Int32Array.from({ length: GROUP_SIZE }, (_, i) => (i + group) % CLASSES)),
  }));
  const sizes = groups.map(() => GROUP_SIZE);
  const times: StepTime[] = [];
  for (let i = 0; i < WARM_UP + steps; i++) {
    const start = performance.now();
    const parts = groups.map(({ x, y }) => groupGradient(model, lossOf.classification, x, y));
    const differentiated = performance.now();
    const aggregation = await step.aggregate({ kind: 'separate', groups: parts }, { sizes });
    const aggregated = performance.now();
    optimizer.step(model.trainable, aggregation.gradients!, 1e-3);
    const updated = performance.now();
    aggregation.dispose();
    times.push({
      gradients: differentiated - start,
      aggregate: aggregated - differentiated,
      update: updated - aggregated,
    });
  }
  model.dispose();
  return times.slice(WARM_UP).reduce((best, time) => (whole(time) < whole(best) ? time : best));
}

function whole({ gradients, aggregate, update }: StepTime): number {
  return gradients + aggregate + update;
}

async function report(engine: EngineClient, backend: string, steps: number): Promise<void> {
  for (const [model, config] of Object.entries(zoo)) {
    const line = await timeStep(engine, config, steps).then(
      (time) =>
        [time.gradients, time.aggregate, time.update, whole(time)]
          .map((ms) => ms.toFixed(2).padStart(10))
          .join(''),
      (error: Error) => `  ${error.message}`,
    );
    console.log(backend.padEnd(24), model.padEnd(22), line);
  }
}

tf.enableProdMode();
const engine = EngineClient.start();
console.log(
  `${GROUPS} groups of ${GROUP_SIZE}; ms of the fastest step: gradients, aggregate, update, whole step`,
);

await tf.setBackend('cpu');
await report(engine, 'JavaScript, unchanged', 3);
await openDevice('cpu');
await report(engine, 'JavaScript, our kernels', 5);

setWasmPaths(
  path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + path.sep,
);
await tf.setBackend('wasm');
await report(engine, 'WASM, unchanged', 30);
await openPlainWasm('it is compared');
await report(engine, 'WASM, our gradients', 30);
const device = await openDevice('wasm');
await report(engine, 'WASM, our products too', 30);
console.log(device.name);
await device.close();

await engine.close();
