import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { openDevice } from '../../../../src/backends/device.ts';
import type { ModelConfig } from '../../../../src/nn/module/model.ts';
import { buildModel } from '../../../../src/nn/small/build.ts';
import { writeArtifacts } from '../../../../src/nn/small/files.ts';
import type { TrainableNetwork } from '../../../../src/nn/small/trainableNetwork.ts';

const values = (model: TrainableNetwork) =>
  model.network.getWeights().map((weight) => [...weight.dataSync<'float32'>()]);

describe('models', () => {
  let base: string;
  before(async () => {
    await openDevice('cpu');
    base = await mkdtemp(path.join(tmpdir(), 'grain-models-'));
  });
  after(() => rm(base, { recursive: true }));

  const build = (config: ModelConfig, input: number[], outputs: number, seed = 1) =>
    buildModel(config, { input, outputs }, seed, base);

  async function save(network: tfl.LayersModel, name: string): Promise<void> {
    await mkdir(path.join(base, name));
    await network.save(
      tf.io.withSaveHandler(async (artifacts) => {
        await writeArtifacts(path.join(base, name), artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
  }

  test('an MLP has the requested layers', async () => {
    const model = await build({ architecture: 'mlp', hidden: [5, 5] }, [2, 3], 4);
    assert.deepEqual(model.apply(tf.ones([7, 2, 3])).shape, [7, 4]);
    const total = 6 * 5 + 5 + (5 * 5 + 5) + (5 * 4 + 4);
    assert.deepEqual(model.parameterCount, { total, trainable: total });
    assert.deepEqual(
      model.trainable.map((variable) => variable.shape),
      [[6, 5], [5], [5, 5], [5], [5, 4], [4]],
    );
  });

  test('a CNN halves the image at each convolution', async () => {
    const model = await build({ architecture: 'cnn', filters: [2, 3] }, [9, 8, 1], 4);
    assert.deepEqual(model.apply(tf.ones([2, 9, 8, 1])).shape, [2, 4]);
    assert.equal(model.parameterCount.total, 9 * 2 + 2 + (9 * 2 * 3 + 3) + (2 * 2 * 3 * 4 + 4));
  });

  test('the seed decides the values; layers of one shape differ; seed 0 is a seed', async () => {
    const config: ModelConfig = { architecture: 'mlp', hidden: [6, 6, 6] };
    const [zero, again, other] = [
      await build(config, [6], 2, 0),
      await build(config, [6], 2, 0),
      await build(config, [6], 2, 1),
    ];
    assert.deepEqual(values(zero), values(again));
    assert.notDeepEqual(values(zero)[0], values(other)[0]);
    const kernels = values(zero).filter((_, i) => i % 2 === 0);
    assert.equal(new Set(kernels.map(String)).size, kernels.length);
  });

  test('a model disposed of leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const model = await build({ architecture: 'cnn' }, [8, 8, 1], 2);
    tf.tidy(() => void model.apply(tf.ones([1, 8, 8, 1])));
    model.dispose();
    assert.equal(tf.memory().numTensors, before);
  });

  test('a CNN without images, or with images too small, is rejected', async () => {
    await assert.rejects(build({ architecture: 'cnn' }, [64], 2), {
      name: 'ModelError',
      message: /needs images.*\[64\].*data\.image/,
    });
    await assert.rejects(build({ architecture: 'cnn', filters: [4, 4, 4] }, [6, 7, 1], 2), {
      name: 'ModelError',
      message: /6×7 pixels are too few.*at most 2/,
    });
  });

  describe('fine-tuned from a saved model', () => {
    let saved: TrainableNetwork;
    before(async () => {
      saved = await build({ architecture: 'mlp', hidden: [4, 3] }, [5], 2, 7);
      await save(saved.network, 'sequential');
    });

    test('head kept: the same function', async () => {
      const model = await build({ from: 'sequential' }, [5], 2);
      assert.deepEqual(values(model), values(saved));
      const x = tf.randomNormal([3, 5], 0, 1, 'float32', 1);
      assert.deepEqual(model.apply(x).dataSync(), saved.apply(x).dataSync());
    });

    test('head new: the last layer has the outputs needed and values of the seed, the rest is kept', async () => {
      const model = await build({ from: 'sequential', head: 'new' }, [5], 6, 1);
      const [again, other] = [
        await build({ from: 'sequential', head: 'new' }, [5], 6, 1),
        await build({ from: 'sequential', head: 'new' }, [5], 6, 2),
      ];
      assert.deepEqual(model.apply(tf.ones([1, 5])).shape, [1, 6]);
      assert.deepEqual(values(model).slice(0, 4), values(saved).slice(0, 4));
      assert.deepEqual(values(model), values(again));
      assert.notDeepEqual(values(model)[4], values(other)[4]);
    });

    test('by default the head is kept if it fits, else new', async () => {
      assert.deepEqual(values(await build({ from: 'sequential' }, [5], 2))[4], values(saved)[4]);
      const model = await build({ from: 'sequential' }, [5], 3);
      assert.deepEqual(model.apply(tf.ones([1, 5])).shape, [1, 3]);
    });

    test('a model with a new head can be saved and fine-tuned once more', async () => {
      const model = await build({ from: 'sequential', head: 'new' }, [5], 6, 3);
      await save(model.network, 'again');
      assert.deepEqual(values(await build({ from: 'again' }, [5], 6)), values(model));
      const next = await build({ from: 'again', head: 'new' }, [5], 4);
      assert.deepEqual(values(next).slice(0, 4), values(saved).slice(0, 4));
    });

    test('a head replaced or a model disposed of leaves nothing behind', async () => {
      const before = tf.memory().numTensors;
      (await build({ from: 'sequential', head: 'new' }, [5], 6)).dispose();
      (await build({ from: 'sequential' }, [5], 2)).dispose();
      assert.equal(tf.memory().numTensors, before);
    });

    test('the first layers with parameters can be frozen', async () => {
      const model = await build({ from: 'sequential', freeze: 2 }, [5], 2);
      assert.deepEqual(
        model.trainable.map((variable) => variable.shape),
        [[3, 2], [2]],
      );
      assert.deepEqual(model.parameterCount, { total: 24 + 15 + 8, trainable: 8 });
      await assert.rejects(build({ from: 'sequential', freeze: 3 }, [5], 2), {
        name: 'ModelError',
        message: /freeze: 3 leaves nothing to train.*3 layers/,
      });
    });

    test('shapes that do not fit are rejected, and both are named', async () => {
      await assert.rejects(build({ from: 'sequential' }, [6], 2), {
        name: 'ModelError',
        message: /expects examples of shape \[5\], but they have \[6\]/,
      });
      await assert.rejects(build({ from: 'sequential', head: 'keep' }, [5], 3), {
        name: 'ModelError',
        message: /outputs of shape \[2\], but the task needs \[3\].*head: new/,
      });
      await assert.rejects(build({ from: 'nowhere' }, [5], 2), {
        name: 'ModelError',
        message: /nowhere cannot be read: .*model\.json.*ENOENT/,
      });
    });

    test('truncated weights are rejected', async () => {
      await save(saved.network, 'torn');
      const file = path.join(base, 'torn', 'weights.bin');
      await writeFile(file, (await readFile(file)).subarray(0, 40));
      await assert.rejects(build({ from: 'torn' }, [5], 2), { name: 'ModelError' });
    });

    test('weights that are not finite are named', async () => {
      await save(saved.network, 'nan');
      const file = path.join(base, 'nan', 'weights.bin');
      const bytes = await readFile(file);
      bytes.writeFloatLE(Number.NEGATIVE_INFINITY, 4);
      await writeFile(file, bytes);
      await assert.rejects(build({ from: 'nan' }, [5], 2), {
        name: 'ModelError',
        message: /weight \S+kernel contains -Infinity, first at element 1 of/,
      });
    });

    test('a functional model with a softmax at its end is trained on logits', async () => {
      const input = tfl.input({ shape: [5] });
      const hidden = tfl.layers.dense({ units: 4, activation: 'tanh' }).apply(input);
      const output = tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(hidden);
      const network = tfl.model({ inputs: input, outputs: output as tfl.SymbolicTensor });
      await save(network, 'functional');
      const model = await build({ from: 'functional' }, [5], 3);
      const x = tf.randomNormal([3, 5], 0, 1, 'float32', 1);
      const probabilities = (network.predict(x) as tf.Tensor).dataSync();
      const ours = tf.softmax(model.apply(x)).dataSync();
      for (const [i, p] of probabilities.entries()) assert.ok(Math.abs(p - ours[i]!) < 1e-6);
      assert.ok(Math.abs(tf.sum(model.apply(x)).dataSync()[0]! - 3) > 1e-3, 'still a softmax');
    });
  });
});
