import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sampleStandardDeviation } from 'simple-statistics';
import type { AggregateEntry, EntryWithSettings } from '../../../src/config/aggregation.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { WrittenTechniques } from '../../../src/config/techniques/schema.ts';
import { openSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import { readWeights } from '../../../src/nn/parameters/source.ts';
import type { TensorLearner } from '../../../src/training/tensorLearner.ts';
import { canTrainOnTorch } from '../../../src/training/torch/torchTask.ts';
import type { Trainer } from '../../../src/training/trainer.ts';
import { tiny } from '../../python/checkpoints.ts';
import { trainerOf } from '../../unit/training/trainerOf.ts';
import { relative, stepsOf, TorchRuns, wasmSteps } from './torchRuns.ts';

const TEXTS = ['a cat sleeps', 'a dog runs home', 'the old horse eats', 'a bird looks at the sea'];

let folder: string;
let runs: TorchRuns;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-torch-'));
  await tiny('encoder', path.join(folder, 'encoder'), TEXTS);
  await tiny('decoder', path.join(folder, 'decoder'), TEXTS);
  const rows = Array.from({ length: 32 }, (_, i) => {
    const one = `${TEXTS[i % 4]}${i % 3 ? '' : ' all day'}`;
    return [one, TEXTS[(i * 7) % 4], i % 2 ? 'same' : 'other', String(i % 5)].join('\t');
  });
  writeFileSync(path.join(folder, 'pairs.tsv'), ['one\tother\tlabel\tscore', ...rows].join('\n'));
  runs = await TorchRuns.open();
});
after(async () => {
  await runs.close();
  rmSync(folder, { recursive: true });
});

const classification = (model = '', rest = '') => `
model: { from: ./encoder, dropout: 0${model} }
data: { train: pairs.tsv, validation: pairs.tsv, text: [one, other], target: label }
groups: { count: 3 }
batchSize: 8
steps: 50
${rest}`;

const regression = (rest = '') => `
task: regression
${classification('', rest).replace('target: label', 'target: score')}`;

const generation = (model = '', rest = '') => `
task: generation
model: { from: ./decoder, dropout: 0${model} }
data: { train: pairs.tsv, validation: pairs.tsv, text: one, target: other, maxNewTokens: 6 }
groups: { count: 3 }
batchSize: 8
steps: 50
${rest}`;

const lora = ', adapter: { lora: { rank: 4 } }';
const withTechniques = (techniques: WrittenTechniques): EntryWithSettings => ({
  ...{ name: 'grain', metric: 'euclidean', smoothing: 0 },
  techniques,
});
const cases: [name: string, config: string, aggregator?: AggregateEntry][] = [
  ['a classifier', classification()],
  ['adapters', classification(lora)],
  ['frozen and reinitialized layers', classification(', freeze: 1, reinitialize: 1')],
  ['checkpointing', classification(', checkpointing: true')],
  ['a pass for each group', classification().replace('count: 3', 'count: 3, backward: accumulate')],
  [
    'regression by sgd with momentum',
    regression('optimizer: { name: sgd, momentum: 0.9, learningRate: 0.01, weightDecay: 0.01 }'),
  ],
  [
    'clipping and weight decay',
    classification('', 'optimizer: { maxGradNorm: 0.1, weightDecay: 0.1 }'),
  ],
  [
    'the metric of AdamW',
    classification(),
    { name: 'grain', metric: 'preconditioned', smoothing: 0 },
  ],
  ['a guard', classification(), { name: 'mean', metric: 'euclidean', smoothing: 0, guard: true }],
  ['blocks', classification(), 'grain-layerwise'],
  ['one gradient after another', classification(), 'grain-streaming'],
  [
    'one after another, with adapters and clipping',
    classification(lora, 'optimizer: { maxGradNorm: 0.1 }'),
    'grain-streaming',
  ],
  // Where the signs of all entries pass, no random number decides.
  [
    'signs that all pass, and a guard',
    classification(),
    { ...{ name: 'graddrop', metric: 'euclidean', smoothing: 0 }, leak: 1, guard: true },
  ],
  ['generation', generation()],
  ['generation with adapters', generation(lora)],
  [
    'smoothed labels, class weights and margins',
    classification(),
    withTechniques({
      labelSmoothing: { epsilon: 0.2 },
      classWeights: { same: 3 },
      ldam: { margin: 0.5, scale: 2 },
    }),
  ],
  [
    'the hardest by focal loss, over two passes',
    classification(),
    withTechniques({ focal: { gamma: 1.5 }, ohem: { share: 0.5 }, rDrop: { alpha: 2 } }),
  ],
  [
    'the head first, then all',
    classification('', 'optimizer: { weightDecay: 0.1 }'),
    withTechniques({ headFirst: { until: 0.04 } }),
  ],
  [
    'the head first, with adapters, blocks and an average',
    classification(lora),
    {
      ...withTechniques({ headFirst: { until: 0.04 }, ema: { decay: 0.5 } }),
      name: 'grain-layerwise',
    },
  ],
  ['harmonized', classification(), withTechniques({ ghm: { regions: 10 } })],
  [
    'tilted among the hardest, over two passes',
    classification(),
    withTechniques({ tilted: { tilt: 2 }, ohem: { share: 0.5 }, rDrop: { alpha: 1 } }),
  ],
  ['the hardest of a regression', regression(), withTechniques({ ohem: { share: 0.5 } })],
  ['an average of the parameters', classification(), withTechniques({ ema: { decay: 0.5 } })],
  ['sharpness-aware', classification(), withTechniques({ sam: { radius: 0.05 } })],
  // From random places, which are not the same ones on both, it would not be comparable.
  [
    'sharpness-aware by tilted places',
    classification(),
    withTechniques({ tsam: { radius: 0.05, noise: 0, samples: 2, tilt: 1 } }),
  ],
  [
    'adaptively sharpness-aware, with adapters and blocks',
    classification(lora),
    {
      ...withTechniques({ asam: { radius: 0.5, eta: 0.01 } }),
      name: 'grain-layerwise',
    },
  ],
  ['a classifier on a decoder', classification().replace('encoder', 'decoder')],
];

type Facts = Awaited<ReturnType<typeof stepsOf>>[number];

function arrivalsOf({ streaming }: Facts): number[] {
  return (streaming ?? []).flatMap(({ inner, norm2, weights, direction2 }) => [
    ...[inner, norm2, direction2],
    ...weights,
  ]) as number[];
}

function directOf({ direct }: Facts): number[] {
  return direct ? ([direct.norm2, ...direct.inner] as number[]) : [];
}

describe('a run on torch is that on wasm but for rounding', () => {
  for (const [name, config, aggregator = 'grain'] of cases) {
    test(name, async () => {
      const expected = await wasmSteps(folder, config, aggregator, 5);
      const trainer = await runs.trainer(folder, config, aggregator);
      const steps = await stepsOf(trainer, 1, 5);
      const { metrics } = await trainer.validate(async () => {});

      const [first, last] = [steps[0]!, steps.at(-1)!];
      const [firstExpected, lastExpected] = [expected.steps[0]!, expected.steps.at(-1)!];
      assert.ok(relative(first.losses, firstExpected.losses) < 1e-5);
      assert.equal(first.gram === null, firstExpected.gram === null);
      assert.equal(first.weights === null, firstExpected.weights === null);
      assert.ok(relative(first.gram ?? [], firstExpected.gram ?? []) < 1e-4);
      assert.ok(relative(first.weights ?? [], firstExpected.weights ?? []) < 1e-3);
      assert.ok(relative(arrivalsOf(first), arrivalsOf(firstExpected)) < 1e-4);
      assert.ok(relative(directOf(first), directOf(firstExpected)) < 1e-4);
      assert.equal(first.blocks?.length, firstExpected.blocks?.length);
      assert.equal(first.guard === undefined, firstExpected.guard === undefined);
      assert.equal(first.clipping === undefined, firstExpected.clipping === undefined);
      // With blocks, wasm has freed the gradients by then.
      if (firstExpected.update) {
        const [update, wanted] = [first.update!, firstExpected.update];
        assert.ok(relative([update.norm2!], [wanted.norm2]) < 1e-4);
        assert.ok(relative([update.rounding!], [wanted.rounding!]) < 1e-4);
        // AdamW divides by |g|: where that is near 0, rounding decides.
        assert.ok(relative(update.inner, wanted.inner) < 1e-2);
      }
      assert.ok(relative(last.losses, lastExpected.losses) < 1e-3);
      assert.deepEqual(Object.keys(metrics), Object.keys(expected.metrics));
      assert.ok(relative([metrics.loss!], [expected.metrics.loss!]) < 1e-3);
    });
  }

  test('what needs all groups at once does not go with one after another', async () => {
    for (const techniques of [{ sam: {} }, { asam: {} }, { tsam: {} }, { ghm: {} }]) {
      const entry = { ...withTechniques(techniques), name: 'grain-streaming' } as const;
      const { name } = entry;
      for (const keys of [
        `aggregate: [${JSON.stringify({ name, techniques })}]`,
        `aggregate: [${name}]\ntechniques: ${JSON.stringify(techniques)}`,
      ]) {
        const config = classification('', keys);
        await assert.rejects(runs.trainer(folder, config, entry), /need all groups at once/);
      }
    }
  });

  test('bfloat16 is float32 but for its rounding', async () => {
    const exact = await stepsOf(await runs.trainer(folder, classification(), 'grain'), 1, 1);
    const half = classification(', dtype: bfloat16', 'device: torch');
    const trainer = await runs.trainer(folder, half, 'grain');
    const [first, ...others] = await stepsOf(trainer, 1, 3);
    const off = relative(first!.losses, exact[0]!.losses);
    assert.ok(off > 1e-7 && off < 0.02, String(off));
    assert.ok(relative(first!.gram!, exact[0]!.gram!) < 0.1);
    assert.ok(others.every(({ losses }) => losses.every(Number.isFinite)));
    const state = { step: 3, bestMetric: null };
    const name = await trainer.save(path.join(folder, 'half'), state, { best: false });
    const tensors = await openSafetensors(path.join(folder, 'half', name));
    assert.deepEqual([...new Set(tensors.names.map((tensor) => tensors.dtypeOf(tensor)))], ['F32']);
    await tensors.close();
  });

  test('harmonized group by group: counted over the batch, as in one pass', async () => {
    const technique = withTechniques({ ghm: { regions: 10 } });
    const stepsWith = async (backward: string) => {
      const config = classification().replace('count: 3', `count: 3, backward: ${backward}`);
      return stepsOf(await runs.trainer(folder, config, technique), 1, 3);
    };
    const [together, apart] = [await stepsWith('grouped'), await stepsWith('accumulate')];
    for (const [i, { losses }] of together.entries()) {
      assert.ok(relative(apart[i]!.losses, losses) < 1e-5);
    }
  });

  test('noise on pretrained weights is as large as on wasm, and by the seed', async () => {
    const technique = withTechniques({ noisyTune: { lambda: 0.4 } });
    const weightsOf = async (at: string) => {
      const tensors = await openSafetensors(at);
      const name = tensors.names.find((tensor) => tensor.endsWith('query.weight'))!;
      const values = await readWeights(tensors, name, at);
      await tensors.close();
      return values;
    };
    const state = { step: 0, bestMetric: null };
    const before = await weightsOf(path.join(folder, 'encoder'));
    const size = 0.4 * sampleStandardDeviation([...before]);
    const onWasm = await trainerOf(folder, `${classification()}\ndevice: wasm`, technique);
    const trainers = {
      wasm: onWasm.trainer,
      torch: await runs.trainer(folder, classification(), technique),
    };
    for (const [name, trainer] of Object.entries(trainers)) {
      const at = path.join(folder, `noise of ${name}`);
      const saved = await weightsOf(path.join(at, await trainer.save(at, state, { best: false })));
      const noise = Array.from(saved, (value, i) => value - before[i]!);
      assert.ok(noise.every((it) => Math.abs(it) <= size / 2 + 1e-6));
      const std = sampleStandardDeviation(noise) / (size * Math.sqrt(1 / 12));
      assert.ok(Math.abs(std - 1) < 0.1, `${name}: ${std}`);
    }
    await onWasm.close();
  });

  test('noise between layers adds to the loss of each group, and to nothing else', async () => {
    const lossesWith = async (weight: number | null, model: string) => {
      const config = classification(model).replace('dropout: 0', 'dropout: 0.1');
      const lnsr = weight === null ? {} : { lnsr: { layer: 1, noise: 0.5, weight } };
      const trainer = await runs.trainer(folder, config, withTechniques(lnsr));
      return (await stepsOf(trainer, 1, 2)).map(({ losses }) => losses);
    };
    for (const model of ['', lora]) {
      const plain = await lossesWith(null, model);
      assert.deepEqual(await lossesWith(0, model), plain);
      const [first] = await lossesWith(1, model);
      assert.ok(first!.every((loss, i) => loss! > plain[0]![i]! + 0.1));
    }
    const last = withTechniques({ lnsr: { layer: 2, noise: 0.5, weight: 1 } });
    await assert.rejects(
      runs.trainer(folder, classification(), last),
      /lnsr.layer is 2, but the network has 2 layers/,
    );
    const onTorch = parseConfig(`${classification()}\ntechniques: { lnsr: {} }`, 'grain.yaml');
    assert.equal(canTrainOnTorch(onTorch.config), 'only');
  });

  test('mixout takes the gradients of some inputs of each layer, on torch and on wasm', async () => {
    const config = classification('', 'optimizer: { name: sgd, learningRate: 10 }');
    const start = await openSafetensors(path.join(folder, 'encoder'));
    const name = start.names.find((tensor) => tensor.endsWith('query.weight'))!;
    const [rows, columns] = start.shapeOf(name);
    const before = await readWeights(start, name, folder);
    await start.close();
    const changeOf = async (device: 'wasm' | 'torch', entry: AggregateEntry) => {
      const { trainer, close } =
        device === 'wasm'
          ? await trainerOf(folder, `${config}\ndevice: wasm`, entry)
          : { trainer: await runs.trainer(folder, config, entry), close: async () => {} };
      await trainer.step(1);
      const at = path.join(folder, `mixed on ${device}`);
      const saved = await trainer.save(at, { step: 1, bestMetric: null }, { best: false });
      const tensors = await openSafetensors(path.join(at, saved));
      const own = tensors.names.find((tensor) => tensor.endsWith(name))!;
      const values = await readWeights(tensors, own, at);
      await tensors.close();
      await close();
      return values.map((value, i) => value - before[i]!);
    };
    const plain = await changeOf('wasm', 'mean');
    const largest = plain.reduce((most, it) => Math.max(most, Math.abs(it)), 0);
    const mixed = { ...withTechniques({ mixout: { probability: 0.75 } }), name: 'mean' as const };
    for (const device of ['wasm', 'torch'] as const) {
      const change = await changeOf(device, mixed);
      let still = 0;
      for (let column = 0; column < columns!; column++) {
        const of = (all: Float32Array) =>
          Array.from({ length: rows! }, (_, r) => all[r * columns! + column]!);
        const own = of(change);
        if (own.every((it) => it === 0)) still++;
        // At first the weights are the pretrained ones, so that gradients are those without it.
        else {
          const off = Math.max(...of(plain).map((it, r) => Math.abs(4 * it - own[r]!))) / largest;
          assert.ok(off < 1e-2, `${device}: ${off}`);
        }
      }
      assert.ok(still / columns! > 0.4 && still < columns!, `${device}: ${still} of ${columns}`);
    }
  });

  test('over 50 steps', async () => {
    const config = classification(lora);
    const expected = await wasmSteps(folder, config, 'grain', 50);
    const steps = await stepsOf(await runs.trainer(folder, config, 'grain'), 1, 50);
    for (const [i, { losses }] of steps.entries()) {
      const off = relative(losses, expected.steps[i]!.losses);
      assert.ok(off < 1e-3, `step ${i + 1} is off by ${off}`);
    }
  });
});

describe('checkpoints go both ways', () => {
  const saved = async (trainer: Trainer, folder: string) => {
    await stepsOf(trainer, 1, 3);
    const { metrics } = await trainer.validate(async () => {});
    const name = await trainer.save(folder, { step: 3, bestMetric: null }, { best: false });
    return { metrics, checkpoint: path.join(folder, name) };
  };
  const startFrom = (checkpoint: string, config: string) =>
    config.replace(/from: [^,}]+/, `from: ${checkpoint}`);

  for (const [name, config] of [
    ['a classifier', classification()],
    ['a generator', generation()],
  ] as const) {
    test(name, async () => {
      const onTorch = await runs.trainer(folder, config, 'grain');
      const fromTorch = await saved(onTorch, path.join(folder, `${name} of torch`));
      const read = await trainerOf(
        folder,
        `${startFrom(fromTorch.checkpoint, config)}\ndevice: wasm`,
        'grain',
      );
      const { metrics } = await read.trainer.validate(async () => {});
      assert.ok(relative([metrics.loss!], [fromTorch.metrics.loss!]) < 1e-5);
      await read.close();

      const onWasm = await trainerOf(folder, `${config}\ndevice: wasm`, 'grain');
      const fromWasm = await saved(onWasm.trainer, path.join(folder, `${name} of wasm`));
      await onWasm.close();
      const back = await runs.trainer(folder, startFrom(fromWasm.checkpoint, config), 'grain');
      const again = await back.validate(async () => {});
      assert.ok(relative([again.metrics.loss!], [fromWasm.metrics.loss!]) < 1e-5);
    });
  }

  test('adapters', async () => {
    const config = classification(lora);
    const onWasm = await trainerOf(folder, `${config}\ndevice: wasm`, 'grain');
    const fromWasm = await saved(onWasm.trainer, path.join(folder, 'adapters of wasm'));
    // A run resumes on its own device: the optimizer's state is named otherwise.
    const optimizer = path.join(fromWasm.checkpoint, 'optimizer.json');
    writeFileSync(optimizer, JSON.stringify({ steps: 0, slots: [] }));
    const onTorch = await runs.trainer(folder, config, 'grain');
    await (await runs.device.process()).call('load', { folder: fromWasm.checkpoint });
    const { metrics } = await onTorch.validate(async () => {});
    assert.ok(relative([metrics.loss!], [fromWasm.metrics.loss!]) < 1e-5);

    const fromTorch = await saved(onTorch, path.join(folder, 'adapters of torch'));
    const task = onWasm.session.task;
    const { engine, config: parsed } = onWasm.session;
    const learner = (await task.learner({
      ...{ config: parsed, engine, aggregation: onWasm.aggregation },
      seed: { init: 5, order: 5 },
    })) as TensorLearner;
    await learner.objective.model.load(fromTorch.checkpoint);
    const again = await learner.validate(async () => {});
    assert.ok(relative([again.metrics.loss!], [fromTorch.metrics.loss!]) < 1e-5);
    learner.dispose();
    await onWasm.close();
  });
});
