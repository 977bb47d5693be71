import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../src/config/parse.ts';
import type { RunEvent } from '../../src/runs/events.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { closeSession, openSession, type Session } from '../../src/training/session.ts';
import { type TrainingRun, train } from '../../src/training/trainingLoop.ts';
import { manifestOf } from '../unit/runs/manifest.ts';
import { tinyTexts, writeTinyLlama } from '../unit/training/tinyCheckpoint.ts';
import { grain, startGrain } from './grain.ts';
import { ringsOf } from './rings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-stopped-'));
before(async () => {
  await writeTinyLlama(path.join(folder, 'llama'), { positions: 1024 });
  writeFileSync(path.join(folder, 'rings.csv'), ringsOf(600));
  writeFileSync(path.join(folder, 'texts.tsv'), tinyTexts([5, 3, 4, 2, 6, 3]));
  writeFileSync(path.join(folder, 'many.tsv'), tinyTexts(new Array<number>(2_000).fill(8)));
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const schedule = 'steps: 5\nevaluateEvery: 2\ncheckpointEvery: 3\nkeepCheckpoints: 2';
const table = `model: { hidden: [8] }
data: { train: rings.csv, validation: rings.csv, target: ring }
groups: { count: 2 }
batchSize: 8
device: cpu
${schedule}`;
const generation = (maxNewTokens: number, validation = 'texts.tsv') => `task: generation
model: { from: ./llama }
data: { train: texts.tsv, validation: ${validation}, prompt: "{text} ", target: answer, maxLength: 16, maxNewTokens: ${maxNewTokens} }
groups: { count: 2 }
batchSize: 4
device: wasm
${schedule}`;

async function open(config: string): Promise<Session> {
  const file = path.join(folder, 'grain.yaml');
  return openSession(parseConfig(config, file), () => {});
}

let created = 0;

function create({ config }: Session, metric: RunManifest['metric']): TrainingRun {
  const manifest = manifestOf(`run-${created++}`, { steps: config.steps, metric });
  return { manifest, folder: new RunStore(folder).create(manifest).path };
}

function readLog(run: string): Promise<RunEvent[]> {
  return readEvents(run);
}

/** Trains until `shouldStop` is called for the n-th time (from 0), which requests the stop. */
async function trainUntil(n: number, session: Session, run: TrainingRun) {
  let calls = 0;
  const shouldStop = () => calls++ === n;
  const { status } = await train(session, run, {
    onEvent: () => {},
    shouldStop,
    assertHeld: () => {},
  });
  return { status, calls };
}

/** What came of a run: all that does not tell when, how long, and how often it was stopped. */
async function resultOf({ folder }: TrainingRun) {
  const events = await readLog(folder);
  const log = events
    .filter(({ kind }) => kind === 'step' || kind === 'validation')
    .map((event) => ({ ...event, at: 0, ms: null, memory: null, device: null }));
  const checkpoints = path.join(folder, 'checkpoints');
  const { last, best, earlier } = JSON.parse(
    readFileSync(path.join(checkpoints, 'index.json'), 'utf8'),
  );
  const stepOf = (name: string) => filesOf(path.join(checkpoints, name)).state.step;
  const steps = [last, ...earlier].map(stepOf);
  assert.equal(new Set(steps).size, steps.length, `checkpoints of the steps ${steps} are kept`);
  const saved = events.filter((event) => event.kind === 'checkpoint');
  const distinct = new Set(saved.map(({ step, best }) => `${step} ${best}`));
  assert.equal(distinct.size, saved.length, 'nothing is saved twice');
  return {
    log,
    last: filesOf(path.join(checkpoints, last)),
    best: filesOf(path.join(checkpoints, best)),
    bestSteps: saved.filter(({ best }) => best).map(({ step }) => step),
    predictions: readFileSync(path.join(folder, 'predictions.jsonl'), 'utf8'),
  };
}

/** Digests of its files. Names of layers differ, which TensorFlow.js makes up: `model.json` is full of them, and has a checksum. */
function filesOf(checkpoint: string) {
  const read = (name: string) => readFileSync(path.join(checkpoint, name));
  const digests = readdirSync(checkpoint)
    .filter((name) => name !== 'model.json' && name !== 'checksums.json')
    .map((name) => [name, createHash('sha256').update(read(name)).digest('hex')]);
  return { state: JSON.parse(read('state.json').toString()), digests };
}

describe('a run that is stopped at any moment and resumed ends as if it had never been stopped', () => {
  // Before the run and each of 5 steps, and in each of 4 validations before it is complete: for batches, for tokens.
  for (const [what, config, places] of [
    ['rows of numbers', table, 6 + 4 * 2],
    ['answers', generation(6), 6 + 4 * 6],
  ] as const) {
    // The loss falls and so is better all the time, or after no step.
    for (const better of ['lower', 'higher'] as const) {
      test(`${what}, a ${better} loss is better`, async () => {
        const session = await open(config);
        const metric = { name: 'loss', better };
        const alone = create(session, metric);
        const { calls, status } = await trainUntil(-1, session, alone);
        assert.deepEqual([status, calls], ['finished', places]);
        const expected = await resultOf(alone);
        const within = new Set<number>();
        for (let n = 0; n < calls; n++) {
          const run = create(session, metric);
          assert.deepEqual(await trainUntil(n, session, run), { status: 'stopped', calls: n + 1 });
          const events = await readLog(run.folder);
          const end = events.at(-1)!;
          assert.ok(end.kind === 'end' && end.status === 'stopped');
          const isValidated = events.some(
            ({ kind, ...event }) =>
              kind === 'validation' && 'step' in event && event.step === end.step,
          );
          const isDue = end.step % 2 === 0 || end.step === session.config.steps;
          if (n > 0 && isDue && !isValidated) within.add(end.step);
          assert.equal((await trainUntil(-1, session, run)).status, 'finished');
          assert.deepEqual(await resultOf(run), expected, `stopped at call ${n}`);
        }
        assert.deepEqual([...within], [0, 2, 4, 5], 'stopped within each of the validations');
        await closeSession(session);
      });
    }
  }

  test('also if it is killed before it has saved a validation’s result or written its predictions', async () => {
    const session = await open(table);
    const metric = { name: 'loss', better: 'lower' } as const;
    const alone = create(session, metric);
    const whole: RunEvent[] = [];
    await train(session, alone, {
      onEvent: (event) => whole.push(event),
      shouldStop: () => false,
      assertHeld: () => {},
    });
    const expected = await resultOf(alone);
    for (const lastEvent of whole.keys()) {
      const run = create(session, metric);
      let written = 0;
      // The nearest thing to a kill within a process: nothing is done after the event, but to log that it failed.
      const onEvent = () => {
        if (written++ === lastEvent) throw new Error('killed');
      };
      await train(session, run, { onEvent, shouldStop: () => false, assertHeld: () => {} }).catch(
        () => {},
      );
      // Stopped, too, wherever it is then, be it where the answers are generated once more to be written.
      assert.equal((await trainUntil(1, session, run)).status, 'stopped');
      assert.equal((await trainUntil(-1, session, run)).status, 'finished');
      const { bestSteps, ...result } = await resultOf(run);
      assert.deepEqual(new Set(bestSteps), new Set(expected.bestSteps));
      assert.deepEqual({ ...result, bestSteps: expected.bestSteps }, expected);
    }
    await closeSession(session);
  });
});

test('the log reports a validation’s progress after 5 seconds, then every 10', async (t) => {
  const session = await open(generation(40));
  const run = create(session, { name: 'loss', better: 'lower' });
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  // Asked before each step, and for each token that is written.
  const shouldStop = () => {
    t.mock.timers.tick(1_000);
    return false;
  };
  await train(session, run, { onEvent: () => {}, shouldStop, assertHeld: () => {} });
  t.mock.timers.reset();
  await closeSession(session);
  const events = await readLog(run.folder);
  for (const step of [0, 2, 4, 5]) {
    const reports = events.filter((event) => event.kind === 'validating' && event.step === step);
    const before = events[events.indexOf(reports[0]!) - 1]!;
    assert.deepEqual(
      reports.map(({ at }) => at - before.at),
      [5_000, 15_000, 25_000, 35_000],
    );
    const shares = reports.map((event) => (event.kind === 'validating' ? event.done : Number.NaN));
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok(shares[0]! > 0 && shares.at(-1)! < 1, String(shares));
    assert.equal(events[events.indexOf(reports.at(-1)!) + 1]!.kind, 'validation');
  }
});

describe('a process in a first validation that takes minutes', () => {
  const config = `${generation(1000, 'many.tsv')}\nname: slow\naggregate: [grain]\nseeds: [0]\n`;
  for (const [what, stop] of [
    ['SIGINT', async (child: ChildProcess) => void child.kill('SIGINT')],
    [
      'grain stop',
      async (_: ChildProcess, home: string) => {
        const { status, stderr } = await grain(['stop', 'slow', '--wait'], home);
        assert.equal(status, 0, stderr);
      },
    ],
  ] as const) {
    test(`reports its progress and ends on ${what}`, async () => {
      const home = path.join(folder, what.replace(' ', '-'));
      mkdirSync(home);
      writeFileSync(path.join(folder, 'slow.yaml'), config);
      const started = startGrain(['run', path.join(folder, 'slow.yaml'), '--out', home], folder);
      const store = new RunStore(home);
      const validating = async () => (await store.list())[0]?.validating ?? null;
      while (started.child.exitCode === null && (await validating()) === null) await sleep(50);
      await stop(started.child, home);
      const { status, stderr } = await started.ended;
      assert.equal(status, 130, stderr);
      assert.match(stderr, /step 0: validating, \d+ % done/);
      const [run] = await store.list();
      assert.deepEqual([run!.status, run!.validating], ['stopped', null]);
      const kinds = (await readLog(run!.folder)).map(({ kind }) => kind);
      assert.deepEqual([...new Set(kinds)], ['start', 'validating', 'checkpoint', 'end']);
    });
  }
});
