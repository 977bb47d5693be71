/**
 * The cost of logging the update: time of measuring the change of the parameters against the gradients of 8 groups, over the
 * rest of a GRAIN step, step by step in one process: `node bench/update.ts`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { median } from 'simple-statistics';
import { openDevice } from '../src/backends/device.ts';
import { resolvedAggregation } from '../src/config/aggregation.ts';
import { EngineClient } from '../src/engine/client.ts';
import { lossOf } from '../src/nn/module/loss.ts';
import type { ModelConfig } from '../src/nn/module/model.ts';
import { buildModel } from '../src/nn/small/build.ts';
import { groupGradient } from '../src/nn/small/trainableNetwork.ts';
import { StepAggregator } from '../src/training/aggregation/stepAggregator.ts';
import { buildOptimizer } from '../src/training/optimizers/fromConfig.ts';
import { ParameterChange } from '../src/training/update/parameterChange.ts';
import { circumstances, writeFigures } from './readme.ts';

const INPUT = [28, 28, 1];
const CLASSES = 10;
const GROUPS = 8;
const GROUP_SIZE = 5;
const STEPS = 80;
/** Steps that are not counted, while code is still being compiled. */
const WARM_UP = 20;

const zoo: Record<string, ModelConfig> = {
  'the digits example’s network': { architecture: 'cnn', filters: [8, 16] },
  'mlp 784-512-10': { architecture: 'mlp', hidden: [512] },
};

/** Number of parameters, and for each step the time of measuring over the time of everything else. */
async function train(backend: 'wasm' | 'cpu', config: ModelConfig, engine: EngineClient) {
  const device = await openDevice(backend);
  const model = await buildModel(config, { input: INPUT, outputs: CLASSES }, 1, '.');
  const optimizer = buildOptimizer({
    name: 'adamw',
    momentum: 0,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  const aggregation = resolvedAggregation('grain', 'drop');
  const aggregator = new StepAggregator(engine, device, { aggregation });
  const groups = Array.from({ length: GROUPS }, (_, group) => ({
    x: tf.randomNormal([GROUP_SIZE, ...INPUT], 0, 1, 'float32', group + 1),
    y: tf.tensor1d(Int32Array.from({ length: GROUP_SIZE }, (_, i) => (i + group) % CLASSES)),
  }));
  const ratios: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const started = performance.now();
    const step = await aggregator.aggregate(
      {
        kind: 'separate',
        groups: groups.map(({ x, y }) => groupGradient(model, lossOf.classification, x, y)),
      },
      { sizes: groups.map(() => GROUP_SIZE) },
    );
    const aggregated = performance.now();
    const change = new ParameterChange(device, step, model.trainable);
    const before = performance.now();
    optimizer.step(model.trainable, step.gradients!, 1e-3);
    const moving = performance.now() - before;
    await change.measure();
    await change.rounding();
    change.dispose();
    const measuring = performance.now() - aggregated - moving;
    ratios.push(measuring / (aggregated - started + moving));
    step.dispose();
  }
  optimizer.dispose();
  model.dispose();
  return { parameters: model.parameterCount.trainable, ratios: ratios.slice(WARM_UP) };
}

const engine = EngineClient.start();
const rows = [
  '| model | parameters | device | time of measuring over the rest of the step |',
  '| --- | --: | --- | --: |',
];
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
for (const backend of ['wasm', 'cpu'] as const) {
  for (const [title, config] of Object.entries(zoo)) {
    const { parameters, ratios } = await train(backend, config, engine);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map(percent);
    rows.push(
      `| ${title} | ${parameters.toLocaleString('en')} | \`${backend}\` | ${percent(median(ratios))} (${least}–${most}) |`,
    );
  }
}
await engine.close();
const table = rows.join('\n');
writeFigures(
  'update',
  `${circumstances()} Median of ${STEPS - WARM_UP} steps, least and most in brackets.\n\n${table}`,
);
console.log(table);
