import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, mock, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { DeviceLostError, OutOfMemoryError } from '../../../src/backends/interface/deviceErrors.ts';
import type { GroupGradient } from '../../../src/nn/module/gradientSource.ts';
import type { RunEvent } from '../../../src/runs/events.ts';
import { EventWriter } from '../../../src/runs/eventWriter.ts';
import { runFile } from '../../../src/runs/grainFolder.ts';
import { RunStore } from '../../../src/runs/store.ts';
import { readEvents } from '../../../src/runs/tail.ts';
import type { LearnerOptions } from '../../../src/training/learner.ts';
import type { Objective } from '../../../src/training/objective/objective.ts';
import type { Session } from '../../../src/training/session.ts';
import type { TensorLearner } from '../../../src/training/tensorLearner.ts';
import { type TrainingRun, train } from '../../../src/training/trainingLoop.ts';
import { ringsOf } from '../../integration/rings.ts';
import { manifestOf } from '../runs/manifest.ts';
import { trainerOf } from './trainerOf.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-failures-'));
writeFileSync(path.join(folder, 'rings.csv'), ringsOf(60));
after(() => rmSync(folder, { recursive: true }));

const config = `model: { hidden: [4] }
data: { train: rings.csv, validation: rings.csv, target: ring }
groups: { count: 2 }
batchSize: 8
steps: 2
device: cpu`;

const store = new RunStore(folder);
const metric = { name: 'loss', better: 'lower' } as const;
const zeroGroupIsAnError = {
  name: 'grain',
  parameters: {},
  metric: 'euclidean',
  smoothing: 0,
  zeroGroups: 'error',
  guard: null,
} as const;
let created = 0;

function create(): TrainingRun {
  const manifest = manifestOf(`run-${created++}`, {
    steps: 2,
    metric,
    aggregation: zeroGroupIsAnError,
  });
  return { manifest, folder: store.create(manifest).path };
}

/** The failure in the log of a run whose objective is changed. */
async function failureOfRun(
  change: (objective: Objective, session: Session) => void,
  run = create(),
) {
  const { session, close } = await trainerOf(folder, config, 'grain');
  const task = {
    ...session.task,
    learner: async (options: LearnerOptions) => {
      const learner = (await session.task.learner(options)) as TensorLearner;
      change(learner.objective, session);
      return learner;
    },
  };
  const callbacks = { onEvent: () => {}, shouldStop: () => false, assertHeld: () => {} };
  await train({ ...session, task }, run, callbacks);
  await close();
  const end = (await readEvents(run.folder)).at(-1)!;
  assert.ok(end.kind === 'end' && end.status === 'failed', JSON.stringify(end));
  return { id: run.manifest.id, ...end.failure };
}

/** Changes the loss of the first group, or its gradient. */
function changingGroups(change: (tensor: tf.Tensor) => tf.Tensor, what: 'loss' | 'gradients') {
  return (objective: Objective) => {
    const { gradients } = objective;
    objective.gradients = (groups, step) => {
      const source = gradients.call(objective, groups, step);
      assert.ok(source.kind === 'separate');
      return { ...source, groups: changed(source.groups) };
    };
  };
  async function* changed(groups: AsyncIterable<GroupGradient> | Iterable<GroupGradient>) {
    let isFirst = true;
    for await (const group of groups) {
      yield !isFirst
        ? group
        : what === 'loss'
          ? { ...group, loss: change(group.loss) as tf.Scalar }
          : { ...group, gradients: group.gradients.map(change) };
      isFirst = false;
    }
  }
}

function throwing(error: Error) {
  return (objective: Objective) => {
    objective.model.save = () => Promise.reject(error);
  };
}

describe('the log says as a code why a run failed', () => {
  test('a loss that is not a number', async () => {
    const toNaN = changingGroups((loss) => tf.mul(loss, Number.NaN), 'loss');
    const { code, message, advice } = await failureOfRun(toNaN);
    assert.equal(code, 'nonFiniteLoss');
    assert.equal(message, 'Step 1: the loss of group #1 is NaN');
    assert.match(advice!, /^Try a lower optimizer\.learningRate, .* or data\.standardize\.$/);
  });

  test('a zero gradient, if the config says that this is an error', async () => {
    const toZero = changingGroups((gradient) => tf.zerosLike(gradient), 'gradients');
    const { code, message, advice } = await failureOfRun(toZero);
    assert.equal(code, 'zeroGroup');
    assert.equal(message, 'Step 1: group #1 has a zero gradient');
    assert.match(advice!, /zeroGroups: drop/);
  });

  test('a full disk', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
    });
    const { code, message, advice, id } = await failureOfRun(throwing(full));
    assert.equal(code, 'diskFull');
    assert.match(message, /^The disk is full: \d.* free, a checkpoint takes at least \d+ kB$/);
    assert.ok(advice!.endsWith(`grain run --resume ${id}`), advice);
  });

  test('a lost device', async () => {
    const lost = new DeviceLostError('WebGPU lost the GPU: it was unplugged');
    const { code, message } = await failureOfRun(throwing(lost));
    assert.deepEqual([code, message], ['deviceLost', lost.message]);
  });

  test('no memory for a checkpoint', async () => {
    const { code, advice, id } = await failureOfRun(throwing(new OutOfMemoryError(2 ** 20)));
    assert.equal(code, 'outOfMemory');
    assert.ok(advice!.endsWith(`grain run --resume ${id}`), advice);
  });

  test('a damaged checkpoint', async () => {
    const run = create();
    await failureOfRun(
      changingGroups((loss) => tf.mul(loss, Number.NaN), 'loss'),
      run,
    );
    const state = path.join(runFile(run.folder, 'checkpoints'), 'step-000000', 'state.json');
    writeFileSync(state, '{}');
    const { code, message } = await failureOfRun(() => {}, run);
    assert.equal(code, 'badCheckpoint');
    assert.ok(message.startsWith(`${state} is damaged`), message);
  });

  test('anything else', async () => {
    const { code, message, advice } = await failureOfRun(throwing(new Error('a mistake')));
    assert.deepEqual([code, message, advice], ['unknown', 'a mistake', undefined]);
  });
});

test('if the disk is full from any event of the log on, the run ends as failed and can be resumed', async () => {
  const { session, close } = await trainerOf(folder, config, 'grain');
  const trainRun = (run: TrainingRun) =>
    train(session, run, { onEvent: () => {}, shouldStop: () => false, assertHeld: () => {} });
  for (let from = 0; ; from++) {
    const run = create();
    const disk = fullDiskFrom(from);
    const end = await trainRun(run);
    disk.restore();
    if (end.status === 'finished') {
      assert.ok(from > 5, `${from} events`);
      break;
    }
    assert.ok(end.status === 'failed', end.status);
    assert.equal(end.failure.code, 'diskFull');
    assert.equal((await readEvents(run.folder)).length, from, 'events in the log');

    assert.equal((await trainRun(run)).status, 'finished');
    const steps = (await readEvents(run.folder)).filter((event) => event.kind === 'step');
    assert.deepEqual(
      steps.map(({ step }) => step),
      [1, 2],
    );
  }
  await close();
});

/** Lets so many events be appended to logs, and fails all that follow. */
function fullDiskFrom(count: number): { restore(): void } {
  const { append } = EventWriter.prototype;
  let appended = 0;
  const { mock: appending } = mock.method(
    EventWriter.prototype,
    'append',
    function (this: EventWriter, event: RunEvent) {
      if (appended++ < count) return append.call(this, event);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
  );
  return appending;
}
