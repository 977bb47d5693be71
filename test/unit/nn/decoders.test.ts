import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { type Device, openDevice } from '../../../src/backends/device.ts';
import type { Operations } from '../../../src/backends/operations/operations.ts';
import { tfjsOperations } from '../../../src/backends/operations/tfjsOperations.ts';
import { sequenceDecoder } from '../../../src/nn/decoders/build.ts';
import { dropoutOf } from '../../../src/nn/layers/dropout.ts';
import type { FineTuningPlan } from '../../../src/nn/parameters/source.ts';
import { SequenceModel } from '../../../src/nn/sequenceModel.ts';
import { python } from '../../python/python.ts';
import { hasWebgpu } from '../../webgpu.ts';
import { testFolder } from '../hub/folder.ts';
import {
  alone,
  batchOf,
  compareCausal,
  compareGradients,
  GROUPS,
  logitsOf,
  type OpenedCausal,
  open,
  openCausal,
  type Tensors,
} from './decoders.ts';
import { assertGradients, farthest, Gradients, groupAlone, ofGroup } from './gradients.ts';
import { assertSpread, takeAdapters, tensorsOf } from './peer.ts';
import { full } from './plan.ts';

/** As decoders_peer.py makes them: tied and own heads, shared keys and values, biases, learned and rotary positions. */
const KINDS = ['gpt2', 'llama', 'llama-tied', 'mistral', 'qwen2', 'qwen3'] as const;
type Kind = (typeof KINDS)[number];
const RUNGS = ['cpu', 'wasm'] as const;
const END = 2;

const lora = (kind: Kind, dropout = 0): FineTuningPlan => {
  const targets = kind === 'gpt2' ? ['c_attn', 'c_fc'] : ['q_proj', 'v_proj', 'down_proj'];
  return { ...full, lora: { rank: 3, alpha: 7, dropout, targets } };
};

const folder = testFolder();
let continuations: Record<Kind, { prompts: number[][]; continued: number[][] }>;

before(async () => {
  continuations = JSON.parse(await python('decoders_peer.py', ['tiny', folder]));
});

describe('a checkpoint whose config ties head and embedding, beside transformers', () => {
  const heads = path.join(folder, 'heads');
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
    await python('decoders_peer.py', ['heads', heads]);
  });
  after(() => device.close());

  for (const kind of ['gpt2', 'llama-tied', 'qwen2']) {
    for (const [head, isTied] of [
      ['own', false],
      ['equal', true],
      ['only', true],
    ] as const) {
      test(`${kind} with ${head === 'only' ? 'only a' : `its ${head}`} head`, async () => {
        const here = path.join(heads, kind, head);
        const opened = await openCausal(here, { operations: tfjsOperations });
        assert.equal(opened.network.isTied, isTied);
        const expected = await tensorsOf(path.join(here, 'expected.safetensors'));
        await compareCausal(tfjsOperations, opened, expected);
        opened.parameters.dispose();
      });
    }
  }
});

describe('initial weights', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  for (const kind of KINDS) {
    test(`of ${kind} spread as far as its config says, and as GPT-2 has it where layers are summed`, async () => {
      const here = path.join(folder, kind, 'classifier');
      const plan = { ...full, reinitialize: 2, newHead: true };
      const { parameters } = await open(here, (source) => sequenceDecoder(source, 3), { plan });
      const fresh = parameters.all.filter(
        ({ name, value }) => value.rank === 2 && /layers|\.h\.|score/.test(name),
      );
      assert.ok(fresh.length > 2 * 4);
      for (const { name, value } of fresh) {
        assertSpread(value, name.includes('c_proj') ? 0.05 / Math.sqrt(2 * 2) : 0.05, name);
      }
      parameters.dispose();
    });
  }
});

for (const [kind, backend] of KINDS.flatMap((kind) =>
  RUNGS.map((backend) => [kind, backend] as const),
)) {
  describe(`${kind} on ${backend}, beside transformers`, () => {
    const causal = path.join(folder, kind, 'causal');
    const expectedOf = (name: string) =>
      tensorsOf(path.join(folder, kind, name, 'expected.safetensors'));
    let device: Device;
    let operations: Operations;
    before(async () => {
      device = await openDevice(backend);
      operations = device.operations ?? tfjsOperations;
    });
    after(() => device.close());

    test('a language model: logits, losses of answers, each group’s gradients', async () => {
      const opened = await openCausal(causal, { operations });
      await compareCausal(operations, opened, await expectedOf('causal'));
      opened.parameters.dispose();
    });

    test('with adapters: what peft trains, and as peft does', async () => {
      const opened = await openCausal(causal, { operations, plan: lora(kind) });
      await takeAdapters(opened.parameters, path.join(causal, 'adapter'));
      await compareCausal(operations, opened, await expectedOf('causal/adapter'));
      opened.parameters.dispose();
    });

    test('a classifier: logits and each group’s gradients', async () => {
      const here = path.join(folder, kind, 'classifier');
      const { network, parameters } = await open(here, (source) => sequenceDecoder(source, 3));
      const model = new SequenceModel(operations, network, 'classification', 64);
      const expected = await expectedOf('classifier');
      const tokens = batchOf(expected);
      const far = farthest(await model.outputs(tokens), expected.get('logits')!);
      assert.ok(far <= 1e-4, `logits: ${far}`);
      const sink = new Gradients();
      await model.gradients(tokens, expected.get('labels')!, null, sink);
      compareGradients(sink, parameters, expected);
      parameters.dispose();
    });

    test('grouped is what each group is alone', async () => {
      const { model, parameters } = await openCausal(causal, { operations });
      const expected = await expectedOf('causal');
      const [tokens, starts] = [batchOf(expected), expected.get('starts')!];
      const all = new Gradients();
      const { means } = await model.gradients(tokens, starts, null, all);
      for (const [group, together] of means.entries()) {
        const sink = new Gradients();
        const own = starts.subarray(GROUPS[group], GROUPS[group + 1]);
        const alone = await model.gradients(groupAlone(tokens, group), own, null, sink);
        assert.ok(Math.abs(alone.means[0]! - together) < 1e-6);
        const part = (name: string) => ofGroup(all.of.get(name)!, sink.of.get(name)!.length, group);
        assertGradients(sink, parameters, part, 1e-5);
      }
      parameters.dispose();
    });

    test('checkpointing changes no bit, with dropout and adapters; no tensor is left behind', async () => {
      const expected = await expectedOf('causal');
      const starts = expected.get('starts')!;
      for (const plan of [full, lora(kind, 0.2)]) {
        const passes: unknown[] = [];
        for (const checkpointing of [false, true]) {
          const options = { operations, plan, checkpointing, dropout: 0.1 };
          const { model, parameters } = await openCausal(causal, options);
          const before = tf.memory().numTensors;
          const sink = new Gradients();
          const dropout = dropoutOf(1, 7, 0);
          const losses = await model.gradients(batchOf(expected), starts, dropout, sink);
          await model.losses(batchOf(expected), starts);
          assert.equal(tf.memory().numTensors, before);
          passes.push({ losses, of: sink.of });
          parameters.dispose();
        }
        assert.deepEqual(passes[1], passes[0]);
      }
    });

    test('generates what transformers does, from prompts of different lengths', async () => {
      const { model, parameters } = await openCausal(path.join(folder, kind, 'generate'), {
        operations,
      });
      const { prompts, continued } = continuations[kind];
      const before = tf.memory().numTensors;
      const options = { maxNewTokens: 24, endIds: [END] };
      const seen: number[] = [];
      const onProgress = async (done: number) => void seen.push(done);
      assert.deepEqual(await model.generate(prompts, { ...options, onProgress }), continued);
      assert.equal(tf.memory().numTensors, before);
      const written = (tokens: number[], length: number) =>
        tokens.length <= length && tokens.at(-1) === END ? 24 : length;
      const longest = Math.max(...continued.map((tokens) => tokens.length));
      const expected = Array.from({ length: longest }, (_, i) =>
        continued.reduce((sum, tokens) => sum + written(tokens, i + 1), 0),
      );
      assert.deepEqual(
        seen.map((done) => Math.round(24 * prompts.length * done)),
        expected,
      );
      parameters.dispose();
    });

    test('the KV cache gives the same tokens as recomputing', async () => {
      const opened = await openCausal(path.join(folder, kind, 'generate'), { operations });
      const { prompts, continued } = continuations[kind];
      const vocabSize = opened.network.head.value.shape[0];
      for (const [i, prompt] of prompts.entries()) {
        const written = [...prompt];
        for (const token of continued[i]!) {
          const logits = await logitsOf(operations, opened, alone(written));
          const last = logits.subarray(logits.length - vocabSize);
          assert.equal(last.indexOf(Math.max(...last)), token);
          written.push(token);
        }
      }
      opened.parameters.dispose();
    });
  });
}

/** Moves what is trained along a direction, the same each time. */
function move({ parameters }: OpenedCausal, directions: Tensors, by: number): void {
  for (const { name, value } of parameters.trained) {
    tf.tidy(() => {
      const step = tf.mul(tf.tensor(directions.get(name)!, value.shape), by);
      (value as tf.Variable).assign(tf.add(value, step));
    });
  }
}

function directionsOf({ parameters }: OpenedCausal): Tensors {
  return new Map(
    parameters.trained.map(({ name, value }, i) => [
      name,
      Float32Array.from({ length: value.size }, (_, at) => Math.sin(1.7 * at + i)),
    ]),
  );
}

describe('forward and backward pass drop the same elements', () => {
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  for (const kind of ['gpt2', 'llama'] as const) {
    for (const [what, plan] of [
      ['in full', full],
      ['with adapters', lora(kind, 0.2)],
    ] as const) {
      test(`${kind} ${what}: each group’s gradient predicts the change of its loss`, async () => {
        const here = path.join(folder, kind, 'causal');
        const opened = await openCausal(here, { plan, dropout: 0.2 });
        const expected = await tensorsOf(path.join(here, 'expected.safetensors'));
        const lossesAt = async (sink: Gradients) => {
          const starts = expected.get('starts')!;
          const dropout = dropoutOf(3, 5, 0);
          return (await opened.model.gradients(batchOf(expected), starts, dropout, sink)).means;
        };
        const directions = directionsOf(opened);
        // Where nothing comes out of adapters yet, nothing goes back through them.
        move(opened, directions, 0.05);
        const sink = new Gradients();
        await lossesAt(sink);
        const step = 1e-3;
        move(opened, directions, step);
        const after = await lossesAt(new Gradients());
        move(opened, directions, -2 * step);
        const before = await lossesAt(new Gradients());
        for (const group of after.keys()) {
          let derivative = 0;
          for (const [name, direction] of directions) {
            const gradient = sink.of.get(name)!.subarray(group * direction.length);
            direction.forEach((along, at) => {
              derivative += along * gradient[at]!;
            });
          }
          const measured = (after[group]! - before[group]!) / (2 * step);
          assert.ok(
            Math.abs(measured - derivative) < 0.01 * Math.abs(derivative) + 0.01,
            `group ${group}: ${measured}, by gradients ${derivative}`,
          );
        }
        opened.parameters.dispose();
      });
    }
  }
});

describe('a language model on WebGPU', () => {
  test('has the gradients that the CPU gives, and writes the same', async (t) => {
    if (!(await hasWebgpu(t))) return;
    const device = await openDevice('webgpu');
    for (const kind of ['gpt2', 'llama'] as const) {
      const causal = path.join(folder, kind, 'causal');
      const expected = await tensorsOf(path.join(causal, 'expected.safetensors'));
      const learner = await openCausal(causal);
      const sink = new Gradients();
      await learner.model.gradients(batchOf(expected), expected.get('starts')!, null, sink);
      compareGradients(sink, learner.parameters, expected, 1e-3);
      learner.parameters.dispose();
      const writer = await openCausal(path.join(folder, kind, 'generate'));
      const { prompts, continued } = continuations[kind];
      const options = { maxNewTokens: 6, endIds: [END] };
      const beginnings = continued.map((tokens) => tokens.slice(0, options.maxNewTokens));
      assert.deepEqual(await writer.model.generate(prompts, options), beginnings);
      writer.parameters.dispose();
    }
    await device.close();
  });
});

describe('a language model', () => {
  const here = () => path.join(folder, 'llama-tied', 'generate');
  let device: Device;
  before(async () => {
    device = await openDevice('cpu');
  });
  after(() => device.close());

  test('a tied head is frozen with the embeddings', async () => {
    const { parameters, network } = await openCausal(here(), { plan: { ...full, freeze: 1 } });
    assert.equal(network.head.trained, false);
    assert.ok(parameters.trained.every(({ name }) => /layers\.1|model\.norm/.test(name)));
    parameters.dispose();
  });

  test('stops when onProgress throws, and disposes of all tensors', async () => {
    const { model, parameters } = await openCausal(here());
    const before = tf.memory().numTensors;
    const onProgress = async (done: number) => {
      if (done >= 0.2) throw new Error('that is enough');
    };
    const options = { maxNewTokens: 20, endIds: [], onProgress };
    await assert.rejects(model.generate([[5], [6, 7]], options), /that is enough/);
    assert.equal(tf.memory().numTensors, before);
    parameters.dispose();
  });

  test('refuses texts that are too long, or empty', async () => {
    const { model, parameters } = await openCausal(here());
    const options = { maxNewTokens: 60, endIds: [END] };
    const long = alone(new Array<number>(65).fill(5));
    await assert.rejects(model.losses(long, [1]), /65 tokens, but .* 64 positions/);
    await assert.rejects(
      model.generate([[5], [5, 6, 7, 8, 9]], options),
      /has 5 tokens and may get 60 more, but the network has 64 positions/,
    );
    await assert.rejects(model.generate([[]], options), /without tokens/);
    assert.equal((await model.generate([], options)).length, 0);
    parameters.dispose();
  });
});
