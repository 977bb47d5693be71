import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import { ModelError } from '../../../src/nn/module/model.ts';
import { initialValues } from '../../../src/nn/parameters/initializers.ts';
import {
  loadNetwork,
  type NetworkParameters,
} from '../../../src/nn/parameters/networkParameters.ts';
import type { FineTuningPlan, TensorReader } from '../../../src/nn/parameters/source.ts';
import { full } from './plan.ts';

const LAYERS = 4;
const WIDTH = 3;
const SEED = 7;

/** Embeddings, layers of a linear layer and a norm each, a pooler and a head. */
async function build(parameters: NetworkParameters): Promise<void> {
  await parameters.submodule('embeddings', 'input').matrix('weight', [5, WIDTH]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const section = parameters.submodule(`layer.${layer}`, { layer });
    await section.linear('dense', WIDTH, WIDTH);
    await section.norm('LayerNorm', WIDTH);
  }
  await parameters.submodule('norm', 'norm').norm('', WIDTH);
  await parameters.submodule('pooler', 'pooler').linear('dense', WIDTH, WIDTH);
  await parameters.submodule('classifier', 'head').linear('', WIDTH, 2);
}

const shapes = new Map<string, readonly number[]>([
  ['net.embeddings.weight', [5, WIDTH]],
  ...Array.from({ length: LAYERS }, (_, layer) => `net.layer.${layer}`).flatMap(
    (layer): [string, number[]][] => [
      [`${layer}.dense.weight`, [WIDTH, WIDTH]],
      [`${layer}.dense.bias`, [WIDTH]],
      [`${layer}.LayerNorm.weight`, [WIDTH]],
      [`${layer}.LayerNorm.bias`, [WIDTH]],
    ],
  ),
  ['net.norm.weight', [WIDTH]],
  ['net.norm.bias', [WIDTH]],
  ['net.pooler.dense.weight', [WIDTH, WIDTH]],
  ['net.pooler.dense.bias', [WIDTH]],
  ['classifier.weight', [2, WIDTH]],
  ['classifier.bias', [2]],
]);

/** Every value is 9, unlike any initial value. */
function tensorsOf(entries: ReadonlyMap<string, readonly number[]>): TensorReader {
  return {
    names: [...entries.keys()],
    shapeOf: (name) => entries.get(name)!,
    dtypeOf: () => 'F32',
    read: async (name) =>
      new Float32Array(entries.get(name)!.reduce((product, length) => product * length)).fill(9),
  };
}

const plan: FineTuningPlan = { ...full, seed: SEED };
const lora = { rank: 2, alpha: 4, dropout: 0, targets: ['dense'] };

async function read(
  changes: Partial<FineTuningPlan>,
  entries: ReadonlyMap<string, readonly number[]> = shapes,
): Promise<NetworkParameters> {
  const source = {
    tensors: tensorsOf(entries),
    file: 'net.safetensors',
    prefix: 'net.',
    layers: LAYERS,
    initializerRange: 0.02,
    plan: { ...plan, ...changes },
  };
  return (await loadNetwork(source, build)).parameters;
}

const renamed = (to: (name: string) => string) =>
  new Map([...shapes].map(([name, shape]) => [to(name), shape]));

const without = (name: string) => new Map([...shapes].filter(([other]) => other !== name));

describe('the parameters of a network', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  test('that are not finite or not floats are named', async () => {
    const load = async (changes: Partial<TensorReader>) => {
      const tensors = { ...tensorsOf(shapes), ...changes };
      const source = { file: 'net.safetensors', prefix: 'net.', layers: LAYERS, plan };
      const { parameters } = await loadNetwork(
        { ...source, tensors, initializerRange: 0.02 },
        build,
      );
      parameters.dispose();
    };
    const bad = 'net.layer.0.dense.bias';
    const infinite = tensorsOf(shapes);
    await assert.rejects(
      load({
        read: async (name) => {
          const values = await infinite.read(name);
          return name === bad ? values.fill(Number.POSITIVE_INFINITY, 1) : values;
        },
      }),
      /net\.safetensors: tensor net\.layer\.0\.dense\.bias contains Infinity, first at element 1/,
    );
    for (const dtype of ['I8', 'I64', 'BOOL', 'U32']) {
      await assert.rejects(
        load({ dtypeOf: (name) => (name === bad ? dtype : 'F32') }),
        new RegExp(`dense\\.bias is stored as ${dtype}, which are not floats`),
      );
    }
    await load({ dtypeOf: () => 'BF16' });
  });

  test('are trained, loaded or initialized according to the plan', async () => {
    const plans = fc.record({
      freeze: fc.nat(LAYERS),
      reinitialize: fc.nat(LAYERS),
      lora: fc.constantFrom(null, lora),
      newHead: fc.boolean(),
    });
    const check = fc.asyncProperty(plans, async (changes) => {
      const { freeze, reinitialize, newHead } = changes;
      const adapted = changes.lora !== null;
      const hidden = Array.from({ length: LAYERS }, (_, layer) => layer);
      const isFresh = (layer: number) => layer >= LAYERS - reinitialize;
      const hasAdapters = adapted && hidden.some((layer) => layer >= freeze && !isFresh(layer));
      // Adapters must have somewhere to go.
      fc.pre(!adapted || hasAdapters || reinitialize === 0);
      const parameters = await read(changes);
      const expected = {
        embeddings: !adapted && freeze === 0,
        'norm.': !adapted,
        pooler: !adapted || reinitialize > 0,
        classifier: true,
        ...Object.fromEntries(
          hidden.map((layer) => [
            `layer.${layer}.`,
            isFresh(layer) || (!adapted && layer >= freeze),
          ]),
        ),
      };
      for (const [part, trained] of Object.entries(expected)) {
        const own = parameters.all.filter(
          ({ name }) => name.replace('net.', '').startsWith(part) && !name.includes('lora'),
        );
        assert.ok(own.length > 0);
        for (const parameter of own) assert.equal(parameter.trained, trained, parameter.name);
      }
      for (const { name, value } of parameters.all) {
        const layer = /layer\.(\d)/.exec(name)?.[1];
        const fresh =
          name.includes('lora') ||
          (layer !== undefined && isFresh(Number(layer))) ||
          (name.includes('pooler') && reinitialize > 0) ||
          (name.startsWith('classifier') && newHead);
        assert.equal(!value.dataSync().includes(9), fresh, name);
      }
      const adapters = parameters.all.filter(({ name }) => name.includes('lora_A'));
      assert.deepEqual(
        adapters.map(({ name }) => name),
        adapted
          ? [
              ...hidden
                .filter((layer) => layer >= freeze && !isFresh(layer))
                .map((layer) => `net.layer.${layer}.dense.lora_A.weight`),
              ...(reinitialize > 0 ? [] : ['net.pooler.dense.lora_A.weight']),
            ]
          : [],
      );
      assert.deepEqual(
        parameters.layers.flatMap(({ variables }) => variables),
        parameters.trainable.map((_, index) => index),
      );
      parameters.dispose();
    });
    await fc.assert(check, { numRuns: 60 });
    assert.equal(tf.memory().numTensors, 0);
  });

  test('have the names of the whole network, whichever names the checkpoint uses', async () => {
    const bare = renamed((name) => name.replace('net.', ''));
    const old = renamed((name) =>
      name
        .replace('LayerNorm.weight', 'LayerNorm.gamma')
        .replace('LayerNorm.bias', 'LayerNorm.beta'),
    );
    for (const entries of [shapes, bare, old]) {
      const parameters = await read({}, entries);
      assert.deepEqual(
        parameters.all.map(({ name }) => name),
        [...shapes.keys()],
      );
      parameters.dispose();
    }
  });

  test('exclude every LoRA layer: the error names the key', async () => {
    const hidden = { ...lora, targets: ['layer.3.dense'] };
    for (const [changes, key, settings] of [
      [{ freeze: 4 }, 'freeze', 'freeze: 4 excludes'],
      [{ reinitialize: 1 }, 'reinitialize', 'reinitialize: 1 excludes'],
      [{ freeze: 3, reinitialize: 1 }, 'freeze', 'freeze: 3 and reinitialize: 1 exclude'],
    ] as const) {
      await assert.rejects(read({ lora: hidden, ...changes }), (error: Error) => {
        assert.ok(error instanceof ModelError, error.stack);
        const called = 'no linear layer layer.3.dense is left for adapters';
        assert.equal(error.message, `${called}: ${settings} all of them`);
        assert.deepEqual(error.at.key, ['model', key]);
        assert.ok(error.at.help.expected);
        return true;
      });
      assert.equal(tf.memory().numTensors, 0);
    }
    (await read({ lora: hidden, freeze: 3 })).dispose();
  });

  test("LoRA begins as peft's: A uniform within 1/√in, B zeros", async () => {
    const [inputs, rank] = [64, 16];
    const values = initialValues('kaiming', [rank, inputs], 'dense.lora_A', SEED);
    const bound = 1 / Math.sqrt(inputs);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    assert.ok(least >= -bound && least < -0.98 * bound && most < bound && most > 0.98 * bound);
    const parameters = await read({ lora });
    const ups = parameters.all.filter(({ name }) => name.includes('lora_B'));
    assert.equal(ups.length, LAYERS + 1);
    for (const { value } of ups) assert.ok(value.dataSync().every((x) => x === 0));
    parameters.dispose();
  });

  test('that the checkpoint lacks are named with what was expected; a pooler is trained then', async () => {
    const fails = async (
      entries: ReadonlyMap<string, readonly number[]>,
      message: string,
      key: string,
      expected: RegExp,
    ) => {
      await assert.rejects(read({}, entries), (error: Error) => {
        assert.ok(error instanceof ModelError, error.stack);
        assert.equal(error.message, message);
        assert.deepEqual(error.at.key, ['model', key]);
        assert.match(error.at.help.expected, expected);
        return true;
      });
      assert.equal(tf.memory().numTensors, 0);
    };
    await fails(
      without('net.layer.2.dense.weight'),
      'net.safetensors has no tensor net.layer.2.dense.weight of shape [3,3]',
      'from',
      /weights match its config.json/,
    );
    await fails(
      without('classifier.bias'),
      'net.safetensors has no tensor classifier.bias of shape [2]',
      'head',
      /^head: new, or/,
    );
    await fails(
      new Map([...shapes, ['net.norm.bias', [4]]]),
      'net.safetensors: tensor net.norm.bias has shape [4] instead of [3]',
      'from',
      /weights match its config.json/,
    );
    const parameters = await read({ lora, newHead: true }, without('net.pooler.dense.weight'));
    const weight = parameters.trained.find(({ name }) => name === 'net.pooler.dense.weight');
    assert.ok(weight);
    assert.equal(
      parameters.all.find(({ name }) => name.startsWith('net.pooler.dense.lora')),
      undefined,
    );
    parameters.dispose();
  });
});
