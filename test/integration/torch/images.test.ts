import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RequestOf } from '../../../src/backends/torch/messages.ts';
import { ConfigError } from '../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { readableExamples } from '../../../src/data/readableExamples.ts';
import { openSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import type { Trainer } from '../../../src/training/trainer.ts';
import { tiny } from '../../python/checkpoints.ts';
import { python } from '../../python/python.ts';
import { HubServer } from '../../unit/hub/hubServer.ts';
import { relative, stepsOf, TorchRuns } from './torchRuns.ts';

const PNGS = Array.from({ length: 8 }, (_, i) => `image-${i}.png`);
const FILES = [...PNGS, 'image-8.jpg', 'image-9.jpeg'];

let folder: string;
let runs: TorchRuns;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-images-'));
  await tiny('images', path.join(folder, 'vit'), FILES);
  await tiny('images', path.join(folder, 'resnet'), FILES);
  writeFileSync(path.join(folder, 'files.csv'), table(FILES));
  writeFileSync(path.join(folder, 'pngs.csv'), table(PNGS));
  runs = await TorchRuns.open();
});
after(async () => {
  await runs.close();
  rmSync(folder, { recursive: true });
});

/** Dark, bright, dark, … */
function table(files: readonly string[]): string {
  const rows = files.map((file, i) => `${file},${i % 2 ? 'bright' : 'dark'},${(i % 2) - 0.5}`);
  return ['file,label,light', ...rows].join('\n');
}

const config = (from: string, model = '', data = 'files.csv') => `
model: { from: ./${from}${model} }
data: { train: ${data}, validation: ${data}, target: label, imageFile: file }
groups: { count: 3 }
batchSize: 6
optimizer: { learningRate: 0.01 }
device: torch
`;

const total = ({ losses }: Awaited<ReturnType<typeof stepsOf>>[number]) =>
  losses.reduce((sum: number, loss) => sum + loss!, 0);

async function saved(trainer: Trainer, name: string): Promise<string> {
  const state = { step: 8, bestMetric: null };
  return path.join(
    folder,
    name,
    await trainer.save(path.join(folder, name), state, { best: false }),
  );
}

describe('PyTorch trains on image files', () => {
  for (const [architecture, model] of [
    ['vit', ''],
    ['vit', ', adapter: { lora: { rank: 2 } }'],
    ['vit', ', freeze: 1, reinitialize: 1'],
    ['resnet', ''],
  ] as const) {
    test(architecture + model, async () => {
      const trainer = await runs.trainer(folder, config(architecture, model), 'grain');
      const isNormed = architecture === 'resnet';
      assert.equal(trainer.warnings.length, isNormed ? 1 : 0, trainer.warnings.join());
      if (isNormed) assert.match(trainer.warnings[0]!, /6 layers of BatchNorm.* running means/);
      const steps = await stepsOf(trainer, 1, 8);
      assert.ok(total(steps.at(-1)!) < total(steps[0]!), 'the loss falls');

      const separate = config(architecture, model).replace('3 }', '3, backward: accumulate }');
      const [first] = await stepsOf(await runs.trainer(folder, separate, 'grain'), 1, 1);
      assert.ok(relative(steps[0]!.losses, first!.losses) < 1e-5);
      assert.ok(relative(steps[0]!.gram!, first!.gram!) < 1e-4);
    });
  }

  test('and a regressor', async () => {
    const regression = config('vit').replace('target: label', 'target: light');
    const trainer = await runs.trainer(folder, `task: regression\n${regression}`, 'grain');
    const steps = await stepsOf(trainer, 1, 8);
    assert.ok(total(steps.at(-1)!) < total(steps[0]!));
    assert.ok(Number.isFinite((await trainer.validate(async () => {})).metrics.rmse));
  });

  test('whose checkpoints transformers reads as they were validated', async () => {
    const trainer = await runs.trainer(folder, config('resnet'), 'grain');
    await stepsOf(trainer, 1, 8);
    const { predictions, metrics } = await trainer.validate(async () => {});
    assert.equal(metrics.accuracy, 1);
    const checkpoint = await saved(trainer, 'checkpoints of resnet');
    const files = FILES.map((file) => path.join(folder, file));
    const peer: { names: string[]; probabilities: number[][] } = JSON.parse(
      await python('images_peer.py', [checkpoint, JSON.stringify(files)]),
    );
    assert.deepEqual(peer.names, ['bright', 'dark']);
    const ours = predictions().map((prediction) =>
      'probabilities' in prediction
        ? peer.names.map((name) => prediction.probabilities[name]!)
        : assert.fail('no class'),
    );
    for (const [i, row] of ours.entries()) {
      assert.ok(relative(row, peer.probabilities[i]!) < 1e-5, FILES[i]);
    }
    // The statistics of BatchNorm stay as they are, its scales do not.
    const [before, after] = [
      await openSafetensors(path.join(folder, 'resnet')),
      await openSafetensors(checkpoint),
    ];
    const norm = 'resnet.embedder.embedder.normalization';
    const read = (name: string) =>
      Promise.all([before, after].map((tensors) => tensors.read(`${norm}.${name}`)));
    for (const name of ['running_mean', 'running_var']) {
      const [old, now] = await read(name);
      assert.deepEqual(now, old);
    }
    const [old, now] = await read('weight');
    assert.notDeepEqual(now, old);
    await Promise.all([before, after].map((tensors) => tensors.close()));
  });
});

test('pixels as columns are the images that they were read from', async () => {
  // Each row: 8 × 8 × 3 bytes.
  const pixels: number[][] = JSON.parse(
    await python('pixels_peer.py', [JSON.stringify(PNGS.map((file) => path.join(folder, file)))]),
  );
  const names = pixels[0]!.map((_, i) => `p${i}`);
  const rows = pixels.map((row, i) => [...row, i % 2 ? 'bright' : 'dark'].join(','));
  writeFileSync(
    path.join(folder, 'pixels.csv'),
    [[...names, 'label'].join(','), ...rows].join('\n'),
  );
  const columns = config('vit', '', 'pixels.csv').replace(
    'imageFile: file',
    'image: [8, 8, 3], scale: 255',
  );
  const [ours] = await stepsOf(await runs.trainer(folder, columns, 'grain'), 1, 1);
  const files = config('vit', '', 'pngs.csv');
  const [theirs] = await stepsOf(await runs.trainer(folder, files, 'grain'), 1, 1);
  assert.deepEqual(ours, theirs);

  const unscaled = columns.replace(', scale: 255', '');
  await assert.rejects(
    runs.trainer(folder, unscaled, 'grain'),
    /pixels are from \d+ to 25\d.*255 for bytes/,
  );
  const flat = columns.replace('[8, 8, 3]', '[16, 6, 2]');
  await assert.rejects(runs.trainer(folder, flat, 'grain'), /images have 2 channels/);
});

const labels = (files: readonly unknown[]) => files.map((_, i) => (i % 2 ? 'bright' : 'dark'));

/** As a dataset on the Hub has them. */
async function parquet(name: string, files: readonly (string | null)[]): Promise<string> {
  const paths = files.map((file) => file && path.join(folder, file));
  const file = path.join(folder, name);
  await python('images_parquet.py', [file, JSON.stringify(paths), JSON.stringify(labels(files))]);
  return file;
}

describe('images inside Parquet', () => {
  let file: string;
  before(async () => {
    file = await parquet('train.parquet', FILES);
  });
  const inParquet = (data = 'train.parquet') =>
    config('vit', '', data).replace('imageFile: file', 'imageFile: image');

  test('are those of the files, in one backward pass and in one for each group', async () => {
    for (const backward of ['', ', backward: accumulate']) {
      const of = async (yaml: string) => {
        const trainer = await runs.trainer(folder, yaml.replace('3 }', `3${backward} }`), 'grain');
        return { steps: await stepsOf(trainer, 1, 2), ...(await trainer.validate(async () => {})) };
      };
      const [ours, theirs] = [await of(inParquet()), await of(config('vit'))];
      assert.deepEqual(ours.steps, theirs.steps);
      assert.deepEqual(ours.metrics, theirs.metrics);
    }
  });

  test('go to Python once, for all runs', async (t) => {
    const process = await runs.device.process();
    const calls = t.mock.method(process, 'call').mock;
    const halves = inParquet().replace('batchSize: 6', 'batchSize: 5');
    for (const yaml of [halves.replace('vit', 'resnet'), halves]) {
      for (let run = 0; run < 2; run++) {
        const trainer = await runs.trainer(folder, yaml, 'grain');
        await stepsOf(trainer, 1, 2);
        await trainer.validate(async () => {});
      }
    }
    const sent = calls.calls.flatMap(({ arguments: [kind, request] }) =>
      kind === 'imageGradients' || kind === 'imageOutputs'
        ? [(request as RequestOf<'imageOutputs'>).encoded.values.length]
        : [],
    );
    const all = FILES.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
    // Two steps of half of the images each, then all of them.
    assert.equal(sent.length, 4 * 3);
    assert.equal(
      sent.slice(0, 3).reduce((sum, bytes) => sum + bytes),
      all,
    );
    assert.deepEqual(sent.slice(3, 6), [0, 0, 0]);
    assert.equal(
      sent.slice(6).reduce((sum, bytes) => sum + bytes),
      all,
    );
  });

  test('are told apart in files of one name', async () => {
    for (const [name, files] of [
      ['one', FILES],
      ['two', FILES.toReversed()],
    ] as const) {
      mkdirSync(path.join(folder, name));
      await parquet(`${name}/part.parquet`, files);
      writeFileSync(path.join(folder, `${name}.csv`), table(files));
    }
    const losses = [];
    for (const [kind, end] of [
      ['imageFile: image', '/part.parquet'],
      ['imageFile: file', '.csv'],
    ]) {
      const yaml = config('vit', '', 'DATA').replace('imageFile: file', kind!);
      const files = yaml.replace('DATA', `one${end}`).replace('DATA', `two${end}`);
      const trainer = await runs.trainer(folder, files, 'grain');
      await stepsOf(trainer, 1, 2);
      losses.push((await trainer.validate(async () => {})).metrics);
    }
    assert.deepEqual(losses[0], losses[1]);
  });

  test('come from the Hub', async (t) => {
    const hub = await HubServer.start();
    t.after(() => hub.stop());
    const commit = 'a'.repeat(40);
    const bytes = readFileSync(file);
    hub.repositories['some/images'] = {
      kind: 'dataset',
      commit,
      files: { 'data/train-00000-of-00001.parquet': bytes },
    };
    // No other test of this file knows a hub.
    process.env.HF_HOME = path.join(folder, 'hub');
    process.env.HF_ENDPOINT = hub.endpoint;
    const remote = inParquet('data/train-00000-of-00001.parquet').replace(
      'data: { ',
      'data: { from: some/images, ',
    );
    const trainer = await runs.trainer(folder, remote, 'grain');
    const [ours] = await stepsOf(trainer, 1, 1);
    const [theirs] = await stepsOf(await runs.trainer(folder, config('vit'), 'grain'), 1, 1);
    assert.deepEqual(ours, theirs);
  });

  test('have the names of their files where people read them', async () => {
    const parsed = parseConfig(inParquet(), path.join(folder, 'grain.yaml'));
    const names = [];
    for await (const { parts } of readableExamples([file], parsed)) names.push(parts[0]!.text);
    assert.deepEqual(names, FILES);
  });

  test('are refused at their row if they are missing, or no images', async () => {
    for (const [lost, message] of [
      [null, /row 6: column "image" has no image/],
      ['files.csv', /row 6: column "image" is neither PNG nor JPEG/],
    ] as const) {
      await parquet('lost.parquet', [...FILES.slice(0, 5), lost]);
      await assert.rejects(runs.trainer(folder, inParquet('lost.parquet'), 'grain'), message);
    }
    copyFileSync(path.join(folder, PNGS[0]!), path.join(folder, 'short.png'));
    truncateSync(path.join(folder, 'short.png'), 60);
    await parquet('short.parquet', ['short.png', ...FILES.slice(0, 5)]);
    const trainer = await runs.trainer(folder, inParquet('short.parquet'), 'grain');
    await assert.rejects(trainer.step(1), /row 1 of .*short\.parquet cannot be read as an image: /);
  });
});

describe('what cannot be trained on is refused by name:', () => {
  const rejects = async (yaml: string, message: RegExp) => {
    const failure: unknown = await runs.trainer(folder, yaml, 'grain').catch((error) => error);
    assert.ok(failure instanceof Error, 'it was trained');
    assert.match(failure.message, message);
    return failure;
  };

  test('a file that is not there, or not an image', async () => {
    writeFileSync(path.join(folder, 'lost.csv'), `${table(PNGS)}\nlost.png,dark,0`);
    const lost = await rejects(config('vit', '', 'lost.csv'), /lost\.png cannot be read/);
    assert.ok(lost instanceof ConfigError);
    assert.equal(lost.diagnostics[0]!.line, 10);
    writeFileSync(path.join(folder, 'texts.csv'), `${table(PNGS)}\npngs.csv,dark,0`);
    await rejects(config('vit', '', 'texts.csv'), /pngs\.csv is neither PNG nor JPEG/);
  });

  test('an image that is cut off', async () => {
    copyFileSync(path.join(folder, PNGS[0]!), path.join(folder, 'cut.png'));
    truncateSync(path.join(folder, 'cut.png'), 60);
    writeFileSync(path.join(folder, 'cut.csv'), table(['cut.png', ...PNGS.slice(0, 5)]));
    const trainer = await runs.trainer(folder, config('vit', '', 'cut.csv'), 'grain');
    await assert.rejects(trainer.step(1), /cut\.png cannot be read as an image: /);
  });

  test('a checkpoint without an image processor', async () => {
    const bare = path.join(folder, 'bare');
    mkdirSync(bare);
    for (const name of ['config.json', 'model.safetensors'])
      copyFileSync(path.join(folder, 'vit', name), path.join(bare, name));
    await rejects(config('bare'), /bare has no image processor/);
  });

  test('adapters where no layer takes them, and checkpointing where it is not there', async () => {
    const adapter = ', adapter: { lora: {} }';
    await rejects(config('resnet', adapter), /resnet has no linear layers for adapters/);
    await rejects(config('resnet', ', checkpointing: true'), /resnet does not support/);
  });

  test('numbers that are not pixels', async () => {
    const features = config('vit').replace(', imageFile: file', ', features: [light]');
    await rejects(features, /torch trains on texts and images, not rows of numbers/);
  });
});

test('a checkpoint has the image processor of the one that it started from', async () => {
  const trainer = await runs.trainer(folder, config('vit'), 'grain');
  const name = 'preprocessor_config.json';
  const checkpoint = await saved(trainer, 'checkpoints of vit');
  assert.equal(
    readFileSync(path.join(checkpoint, name), 'utf8'),
    readFileSync(path.join(folder, 'vit', name), 'utf8'),
  );
});
