import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import type { TokenBatch } from '../../../src/data/tokenBatch.ts';
import {
  type EncoderConfig,
  readCheckpointConfig,
} from '../../../src/hub/architecture/checkpointConfig.ts';
import { openSafetensors } from '../../../src/hub/safetensors/safetensors.ts';
import { sequenceEncoder } from '../../../src/nn/encoders/sequenceEncoder.ts';
import { maxTokens } from '../../../src/nn/encoders/variants.ts';
import { dropoutOf } from '../../../src/nn/layers/dropout.ts';
import { ModelError } from '../../../src/nn/module/model.ts';
import { defaultTargets, type FineTuningPlan } from '../../../src/nn/parameters/source.ts';

import { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import { python } from '../../python/python.ts';
import { testFolder } from '../hub/folder.ts';
import { assertGradients, Gradients, groupAlone, ofGroup } from './gradients.ts';
import { assertSpread, compare, type Network, takeAdapters, tensorsOf } from './peer.ts';
import { full } from './plan.ts';

const KINDS = ['bert', 'roberta', 'distilbert'] as const;
type Kind = (typeof KINDS)[number];
const PADDING = { bert: 0, roberta: 1, distilbert: 0 };
const CLASSES = 3;

/** Seven examples in three groups of different sizes; pairs, and padding in all but the longest. */
const LENGTHS = [9, 4, 12, 7, 3, 10, 5];
const LENGTH = 12;
const EXAMPLES = [0, 2, 3, 7];
const targets = {
  classification: [0, 2, 1, 1, 0, 2, 2],
  regression: [0.5, -1, 2, 0, 1.5, -0.25, 3],
};
type Task = keyof typeof targets;

function rowsOf(of: (example: number, position: number) => number): number[][] {
  return LENGTHS.map((_, example) =>
    Array.from({ length: LENGTH }, (_, position) => of(example, position)),
  );
}
const isPadding = (example: number, position: number) => position >= LENGTHS[example]!;
/** The third text has the padding token within it. */
const idsOf = (kind: Kind) =>
  rowsOf((example, position) =>
    isPadding(example, position) || (example === 2 && position === 5)
      ? PADDING[kind]
      : 3 + ((example * 31 + position * position * 7) % 90),
  );
const typeIds = rowsOf((example, position) =>
  !isPadding(example, position) && position > LENGTHS[example]! / 2 ? 1 : 0,
);

function batchOf(kind: Kind): TokenBatch {
  return {
    batchSize: LENGTHS.length,
    length: LENGTH,
    ids: Int32Array.from(idsOf(kind).flat()),
    typeIds: Int32Array.from(typeIds.flat()),
    lengths: Int32Array.from(LENGTHS),
    exampleBounds: EXAMPLES,
  };
}

const lora = (kind: Kind): FineTuningPlan => ({
  ...full,
  newHead: true,
  lora: { rank: 4, alpha: 12, dropout: 0, targets: defaultTargets[kind] },
});

type Values = ReadonlyMap<string, Float32Array>;

const folder = testFolder();
const checkpoint = (kind: Kind, task: Task) => path.join(folder, kind, task);

interface Options {
  readonly plan?: FineTuningPlan;
  readonly checkpointing?: boolean;
  /** Of everything that drops. */
  readonly dropout?: number;
}

async function openNetwork(
  kind: Kind,
  task: Task,
  operations: Operations,
  options: Options,
): Promise<Network> {
  const { plan = full, checkpointing = false, dropout = 0 } = options;
  const here = checkpoint(kind, task);
  const read = (await readCheckpointConfig(here)) as EncoderConfig;
  const config = { ...read, dropout, attentionDropout: dropout, classifierDropout: dropout };
  const tensors = await openSafetensors(here);
  try {
    const source = { config, tensors, file: here, plan, checkpointing };
    const outputs = task === 'classification' ? CLASSES : 1;
    const { network, parameters } = await sequenceEncoder(source, outputs);
    return { parameters, model: new SequenceModel(operations, network, task, maxTokens(config)) };
  } finally {
    await tensors.close();
  }
}

before(async () => {
  const ids = Object.fromEntries(KINDS.map((kind) => [kind, idsOf(kind)]));
  const batch = { ids, typeIds, lengths: LENGTHS, examples: EXAMPLES, ...targets };
  await python('encoders_peer.py', [folder, JSON.stringify(batch)]);
});

const places = KINDS.flatMap((kind) =>
  (['cpu', 'wasm'] as const).map((backend) => ({ kind, backend })),
);

for (const { kind, backend } of places) {
  describe(`${kind} on ${backend}, beside transformers`, () => {
    let device: Device;
    before(async () => {
      device = await openDevice(backend);
    });
    after(() => device.close());

    const open = (task: Task, options: Options = {}) =>
      openNetwork(kind, task, device.operations ?? tfjsOperations, options);

    for (const task of ['classification', 'regression'] as const) {
      test(`${task}: outputs, losses and each group's gradients`, async () => {
        const network = await open(task);
        const reference = await tensorsOf(
          path.join(checkpoint(kind, task), 'reference.safetensors'),
        );
        await compare(network, batchOf(kind), targets[task], reference);
        const expected = [...reference.keys()].filter((name) => name.startsWith('gradient.'));
        assert.deepEqual(
          network.parameters.trained.map(({ name }) => `gradient.${name}`).sort(),
          expected.sort(),
        );
        network.parameters.dispose();
      });
    }

    test('LoRA: what peft trains, and as peft does', async () => {
      const network = await open('classification', { plan: lora(kind) });
      const here = path.join(checkpoint(kind, 'classification'), 'lora');
      await takeAdapters(network.parameters, here);
      const reference = await tensorsOf(path.join(here, 'reference.safetensors'));
      await compare(network, batchOf(kind), targets.classification, reference);
      network.parameters.dispose();
    });

    test('frozen layers do not change the gradients of the others', async () => {
      const network = await open('classification', { plan: { ...full, freeze: 1 } });
      const below = network.parameters.all.filter(({ name }) => /embeddings|layer\.0/.test(name));
      assert.ok(below.length > 10 && below.every(({ trained }) => !trained));
      const reference = await tensorsOf(
        path.join(checkpoint(kind, 'classification'), 'reference.safetensors'),
      );
      const sink = await compare(network, batchOf(kind), targets.classification, reference);
      assert.equal(sink.of.size, network.parameters.all.length - below.length);
      network.parameters.dispose();
    });

    test('grouped gradients equal those of each group alone', async () => {
      const network = await open('classification');
      const all = new Gradients();
      const losses = await network.model.gradients(
        batchOf(kind),
        targets.classification,
        null,
        all,
      );
      for (const [group, together] of losses.entries()) {
        const labels = targets.classification.slice(EXAMPLES[group], EXAMPLES[group + 1]);
        const sink = new Gradients();
        const tokens = groupAlone(batchOf(kind), group);
        const [loss] = await network.model.gradients(tokens, labels, null, sink);
        assert.ok(Math.abs(loss! - together) < 1e-6);
        const part = (name: string) => ofGroup(all.of.get(name)!, sink.of.get(name)!.length, group);
        assertGradients(sink, network.parameters, part, 1e-5);
      }
      network.parameters.dispose();
    });

    test('checkpointing changes no bit, with dropout and adapters; no tensor is left behind', async () => {
      const plan = { ...lora(kind), lora: { ...lora(kind).lora!, dropout: 0.2 } };
      const passes: { losses: readonly number[]; of: Map<string, Float32Array> }[] = [];
      for (const checkpointing of [false, true]) {
        const { model, parameters } = await open('classification', {
          plan,
          checkpointing,
          dropout: 0.1,
        });
        const before = tf.memory().numTensors;
        const sink = new Gradients();
        const labels = targets.classification;
        const losses = await model.gradients(batchOf(kind), labels, dropoutOf(1, 7, 0), sink);
        assert.equal(tf.memory().numTensors, before);
        await model.outputs(batchOf(kind));
        assert.equal(tf.memory().numTensors, before);
        passes.push({ losses, of: sink.of });
        parameters.dispose();
      }
      assert.deepEqual(passes[1], passes[0]);
    });

    test('dropout is the same at the same step, and differs between steps', async () => {
      const { model, parameters } = await open('classification', { dropout: 0.1 });
      const lossesAt = (step: number) =>
        model.gradients(
          batchOf(kind),
          targets.classification,
          dropoutOf(1, step, 0),
          new Gradients(),
        );
      const first = await lossesAt(1);
      assert.deepEqual(await lossesAt(1), first);
      assert.notDeepEqual(await lossesAt(2), first);
      parameters.dispose();
    });
  });
}

describe('an encoder from a checkpoint', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  test('the sink is flushed first, and after each block, from the head down', async () => {
    const { model, parameters } = await openNetwork('bert', 'classification', tfjsOperations, {});
    const sink = new Gradients();
    await model.gradients(batchOf('bert'), targets.classification, null, sink);
    const order = sink.flushed.map((names, i) => names.slice(sink.flushed[i - 1]?.length ?? 0));
    assert.deepEqual(
      order.map(([name]) => name?.replace(/\.(weight|bias)$/, '')),
      [
        undefined,
        'classifier',
        'bert.pooler.dense',
        'bert.encoder.layer.1.output.LayerNorm',
        'bert.encoder.layer.0.output.LayerNorm',
        'bert.embeddings.LayerNorm',
      ],
    );
    const names = parameters.layers.map(({ name }) => name);
    assert.deepEqual(names, [
      'embeddings',
      'encoder.layer.0',
      'encoder.layer.1',
      'pooler',
      'classifier',
    ]);
    const indices = parameters.layers.flatMap(({ variables }) => variables);
    assert.deepEqual(
      indices,
      parameters.trainable.map((_, index) => index),
    );
    parameters.dispose();
  });

  test('initial values depend only on the seed and the name', async () => {
    const plans = [
      { ...full, reinitialize: 1, newHead: true, seed: 1 },
      { ...full, reinitialize: 2, newHead: true, seed: 1 },
      { ...full, reinitialize: 1, newHead: true, seed: 2 },
    ];
    const values: Values[] = [];
    for (const plan of plans) {
      const { parameters } = await openNetwork('bert', 'classification', tfjsOperations, { plan });
      values.push(
        new Map(parameters.all.map(({ name, value }) => [name, value.dataSync<'float32'>()])),
      );
      parameters.dispose();
    }
    const stored = await tensorsOf(
      path.join(checkpoint('bert', 'classification'), 'model.safetensors'),
    );
    const [one, two, other] = values as [Values, Values, Values];
    const weight = (part: string) => `bert.encoder.layer.${part}.attention.self.query.weight`;
    for (const name of [weight('1'), 'bert.pooler.dense.weight', 'classifier.weight']) {
      assert.deepEqual(two.get(name), one.get(name));
      assert.notDeepEqual(other.get(name), one.get(name));
      assert.notDeepEqual(stored.get(name), one.get(name));
    }
    assert.deepEqual(one.get(weight('0')), stored.get(weight('0')));
  });

  for (const kind of KINDS) {
    test(`initial weights of ${kind} have the standard deviation of its config`, async () => {
      const plan = { ...full, reinitialize: 2, newHead: true };
      const { parameters } = await openNetwork(kind, 'classification', tfjsOperations, { plan });
      for (const { name, value } of parameters.all) {
        if (value.rank !== 2 || name.includes('embeddings')) continue;
        assertSpread(value, 0.05, name);
      }
      parameters.dispose();
    });
  }

  test('tensors that do not fit are rejected by name, and nothing is left behind', async () => {
    const before = tf.memory().numTensors;
    const refused = async (options: Options, message: RegExp, key: readonly unknown[]) => {
      const opened = openNetwork('bert', 'classification', tfjsOperations, options);
      await assert.rejects(opened, (error: Error) => {
        assert.ok(error instanceof ModelError, error.stack);
        assert.match(error.message, message);
        assert.deepEqual(error.at.key, key);
        return true;
      });
    };
    await refused({ plan: { ...full, freeze: 3 } }, /^3 layers.*has 2/, ['model', 'freeze']);
    await refused(
      { plan: { ...full, lora: { rank: 2, alpha: 2, dropout: 0, targets: ['q_proj'] } } },
      /has no linear layer q_proj/,
      ['model', 'adapter', 'lora', 'targets', 0],
    );
    assert.equal(tf.memory().numTensors, before);
  });

  test('a head of another size is rejected unless it is new; so are texts that are too long', async () => {
    const here = checkpoint('roberta', 'classification');
    const config = (await readCheckpointConfig(here)) as EncoderConfig;
    const tensors = await openSafetensors(here);
    const source = { config, tensors, file: 'model.safetensors', plan: full, checkpointing: false };
    await assert.rejects(
      sequenceEncoder(source, 5),
      /model\.safetensors: tensor classifier\.out_proj\.weight has shape \[3,32\] instead of \[5,32\]$/,
    );
    const { network, parameters } = await sequenceEncoder(
      { ...source, plan: { ...full, newHead: true } },
      5,
    );
    await tensors.close();
    const model = new SequenceModel(tfjsOperations, network, 'classification', maxTokens(config));
    assert.equal((await model.outputs(batchOf('roberta'))).length, LENGTHS.length * 5);
    const long = {
      ...batchOf('roberta'),
      batch: 1,
      length: 23,
      lengths: Int32Array.of(23),
      examples: [0, 1],
    };
    await assert.rejects(model.outputs(long), /23 tokens, but the network has 22 positions/);
    parameters.dispose();
  });
});
