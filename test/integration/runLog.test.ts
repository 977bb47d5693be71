import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent, StepEvent } from '../../src/runs/events.ts';
import { EventWriter } from '../../src/runs/eventWriter.ts';
import { takeOwnership } from '../../src/runs/owner.ts';
import { RunStore } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { manifestOf } from '../unit/runs/manifest.ts';
import { grain, startGrain } from './grain.ts';
import { outcomeOf } from './outcome.ts';
import { writeRings } from './rings.ts';

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-runs-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

function readLog(folder: string): Promise<RunEvent[]> {
  return readEvents(folder);
}

describe('commands on stored runs', () => {
  const root = temporary();
  const below = path.join(root, '.grain', 'runs');
  const store = new RunStore(root);

  /** Two groups with gradients (1, 0) and (−1, 1), stepped along the shortest vector of their hull, (0.2, 0.4). */
  const conflicting: StepEvent = {
    kind: 'step',
    at: 3,
    step: 4,
    learningRate: 0.5,
    groups: [0, 1],
    sizes: [3, 1],
    losses: [0.25, null],
    gram: [1, -1, 2],
    weights: [0.6, 0.4],
    ms: { gradients: 1, aggregate: 2, update: 3 },
  };

  before(() => {
    const early = manifestOf('rings-1-grain-seed0', { steps: 4 });
    const late = manifestOf('rings-2-mean-seed0', {
      experiment: { id: 'rings-2', name: 'rings' },
      aggregator: 'mean',
      createdAt: '2026-03-05T00:00:00.000Z',
    });
    store.create(late);
    const writer = EventWriter.open(store.create(early).path);
    writer.append({ kind: 'start', at: 1, pid: 1, fromStep: 0 });
    writer.append({ kind: 'validation', at: 2, step: 0, metrics: { loss: 1, accuracy: 0.75 } });
    writer.append({ kind: 'warning', at: 3, step: 4, message: 'groups conflict' });
    writer.append(conflicting);
    writer.append({ kind: 'validation', at: 4, step: 4, metrics: { loss: null, accuracy: 0.5 } });
    writer.append({ kind: 'end', at: 5, step: 4, status: 'finished' });
    writer.close();
  });

  test('runs lists them, the latest last; from a folder below, too', async () => {
    const { status, stdout } = await grain(['runs', '--json'], below);
    assert.equal(status, 0);
    const [first, second, ...others] = JSON.parse(stdout).runs;
    assert.deepEqual(others, []);
    assert.deepEqual(first, {
      id: 'rings-1-grain-seed0',
      experiment: { id: 'rings-1', name: 'rings' },
      aggregator: 'grain',
      seed: { init: 0, order: 0 },
      status: 'finished',
      step: 4,
      steps: 4,
      validating: null,
      metric: { name: 'accuracy', value: 0.5 },
      createdAt: '2026-03-04T05:06:07.000Z',
      startedAt: '1970-01-01T00:00:00.001Z',
      endedAt: '1970-01-01T00:00:00.005Z',
      failure: null,
      alarms: [],
      notes: { name: '', starred: false, tags: [], note: '' },
      folder: path.join(below, 'rings-1-grain-seed0'),
    });
    assert.deepEqual([second.id, second.status], ['rings-2-mean-seed0', 'interrupted']);
    const text = await grain(['runs', '--root', root], tmpdir());
    assert.deepEqual(
      text.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/).slice(0, 4)),
      [
        ['run', 'status', 'step', 'metric'],
        ['rings-1-grain-seed0', 'finished', '4/4', 'accuracy 0.5'],
        ['rings-2-mean-seed0', 'interrupted', '0/10', '2026-03-05 00:00:00'],
      ],
    );
  });

  test('show derives what the step was like', async () => {
    const { status, stdout } = await grain(['show', 'rings-1', '--json'], root);
    assert.equal(status, 0);
    const shown = JSON.parse(stdout);
    assert.deepEqual(shown.metrics, { loss: null, accuracy: 0.5 });
    assert.deepEqual(shown.best, { step: 0, value: 0.75 });
    assert.deepEqual(shown.warnings, [{ step: 4, message: 'groups conflict' }]);
    assert.match(shown.guarantee, /no group is made worse/i);
    const { groups, diagnostics, ms } = shown.lastStep;
    assert.deepEqual(ms, conflicting.ms);
    assert.deepEqual(groups, [
      { name: '#1', size: 3, loss: 0.25, weight: 0.6 },
      { name: '#2', size: 1, loss: null, weight: 0.4 },
    ]);
    assert.equal(diagnostics.certified, true);
    assert.ok(Math.abs(diagnostics.norm2 - 0.2) < 1e-12);
    assert.ok(Math.abs(diagnostics.cosines[0][1] + Math.SQRT1_2) < 1e-12);
    assert.equal(diagnostics.conflictRate, 1);
    assert.ok(Math.abs(diagnostics.effectiveGroups - 1 / 0.52) < 1e-12);

    const text = (await grain(['show', 'rings-1'], root)).stdout;
    assert.match(text, /smallest cosine +0\.\d+, certified/);
    assert.match(text, /#2 +1 +– +0\.4/);
    assert.match(text, /warning +step 4: groups conflict/);
  });

  test('show reports a violated guarantee and the conflicts of the mean, over all steps', async () => {
    // 0.9·(1, 0) + 0.1·(−1, 1) = (0.8, 0.1) conflicts with (−1, 1).
    const bad = { ...conflicting, weights: [0.9, 0.1] };
    const update = { norm2: 1, inner: [1, -1] };
    for (const aggregator of ['grain', 'mean']) {
      const id = `guarantees-${aggregator}`;
      const writer = EventWriter.open(store.create(manifestOf(id, { aggregator })).path);
      writer.append({ ...conflicting, step: 1, update });
      writer.append({ ...bad, step: 2, update: { norm2: 1, inner: [1, 1] } });
      writer.close();
      const text = (await grain(['show', id], root)).stdout;
      assert.match(text, /updates +conflicted with a group in 1 of 2 steps/);
      assert.match(text, /conflicts with +#2/);
      assert.match(text, /update conflicts with +no group/);
      const { guaranteeCounts, lastStep, guarantee } = JSON.parse(
        (await grain(['show', id, '--json'], root)).stdout,
      );
      const isGuaranteed = aggregator === 'grain';
      assert.deepEqual(guaranteeCounts, {
        steps: 2,
        held: isGuaranteed ? 1 : 0,
        violated: isGuaranteed ? 1 : 0,
        conflicted: 1,
        measured: 2,
        updates: { conflicted: 1, measured: 2 },
      });
      assert.equal(lastStep.guaranteeState, isGuaranteed ? 'violated' : 'none');
      assert.deepEqual(lastStep.diagnostics.conflictsWith, [1]);
      if (isGuaranteed)
        assert.match(text, /VIOLATED in 1 of 2 steps[\s\S]*VIOLATED: the aggregator/);
      else {
        assert.match(text, /conflicted with a group in 1 of 2 steps/);
        assert.match(guarantee, /^None/);
      }
      await store.delete(id);
    }
  });

  test('show of a run without steps', async () => {
    const { status, stdout } = await grain(['show', 'rings-2', '--json'], root);
    assert.equal(status, 0);
    const { lastStep, best, metric } = JSON.parse(stdout);
    assert.deepEqual([lastStep, best, metric], [null, null, null]);
    const text = await grain(['show', 'rings-2'], root);
    assert.deepEqual([text.status, text.stderr], [0, '']);
  });

  test('an unknown run exits with 2, an ambiguous one lists the candidates', async () => {
    for (const command of ['show', 'stop']) {
      const missing = await grain([command, 'circles'], root);
      assert.deepEqual([missing.status, missing.stdout], [2, '']);
      assert.match(missing.stderr, /no run matches "circles"/);
      const { status, stderr } = await grain([command, 'rings'], root);
      assert.equal(status, 2);
      assert.match(stderr, /rings-1-grain-seed0\n {2}rings-2-mean-seed0/);
    }
  });

  test('stop of a run without a process exits with 1 and writes nothing', async () => {
    const { status, stdout } = await grain(['stop', 'rings-1', '--json'], root);
    assert.deepEqual([status, JSON.parse(stdout)], [1, { runs: [] }]);
    assert.equal(readdirSync(store.open('rings-1-grain-seed0').path).includes('stop'), false);
  });

  test('a folder without runs', async () => {
    const nowhere = temporary();
    const { status, stdout } = await grain(['runs', '--json', '--root', nowhere], root);
    assert.deepEqual([status, JSON.parse(stdout)], [0, { runs: [], unreadable: [] }]);
    assert.deepEqual(readdirSync(nowhere), []);
  });
});

test('kill -9 at any moment loses no acknowledged event, and the next writer continues', async () => {
  const root = temporary();
  const { path: folder } = new RunStore(root).create(manifestOf('killed'));
  const acknowledgements = path.join(root, 'acknowledged');
  const modules = ['eventWriter', 'owner'].map((name) =>
    JSON.stringify(import.meta.resolve(`../../src/runs/${name}.ts`)),
  );
  // Notes each number once its event is appended.
  const script = `
    const { EventWriter } = await import(${modules[0]});
    const { takeOwnership } = await import(${modules[1]});
    const { openSync, writeSync } = await import('node:fs');
    const [folder, acknowledgements, from] = process.argv.slice(1);
    await takeOwnership(folder);
    const writer = EventWriter.open(folder);
    const acknowledged = openSync(acknowledgements, 'a');
    for (let step = Number(from); ; step++) {
      writer.append({ kind: 'warning', at: 0, step, message: 'é'.repeat(step % 4000) });
      writeSync(acknowledged, step + '\\n');
    }
  `;
  const node = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  let logged = 0;
  for (let round = 0; round < 6; round++) {
    const args = [...node, folder, acknowledgements, String(logged + 1)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const closed = once(child, 'close');
    while (child.exitCode === null && (await readLog(folder)).length === logged) await sleep(5);
    await sleep(Math.random() * 60);
    child.kill('SIGKILL');
    assert.deepEqual(await closed, [null, 'SIGKILL']);

    const steps = (await readLog(folder)).map((event) => event.kind === 'warning' && event.step);
    assert.deepEqual(
      steps,
      [...steps.keys()].map((i) => i + 1),
      'none lost, none repeated',
    );
    const noted = readFileSync(acknowledgements, 'utf8').trim().split('\n');
    assert.ok(steps.length >= Number(noted.at(-1)), `${steps.length} of ${noted.at(-1)}`);
    assert.ok(steps.length > logged);
    logged = steps.length;
  }
  // The dead process does not keep the run.
  (await takeOwnership(folder)).release();
});

describe('a real run', () => {
  const config = {
    steps: '160',
    evaluateEvery: '40',
    checkpointEvery: '25',
    model: '{ hidden: [48, 48] }',
  };
  /** Layers wide enough for their products to be shared between threads. */
  const wide = {
    ...{ steps: '60', evaluateEvery: '20', checkpointEvery: '10' },
    ...{ device: 'wasm', model: '{ hidden: [512, 512] }' },
  };

  for (const [device, chosen] of Object.entries({ cpu: config, wasm: wide })) {
    test(`killed at random moments and resumed, it ends with the bits of one that was not interrupted: ${device}`, async () => {
      const [killed, alone] = [temporary(), temporary()];
      for (const folder of [killed, alone]) writeRings(folder, chosen);
      assert.equal((await grain(['run', 'grain.yaml'], alone)).status, 0);

      const store = new RunStore(killed);
      const unfinished = async () =>
        (await store.list()).filter(({ status }) => status !== 'finished');
      let kills = 0;
      let trainer = startGrain(['run', 'grain.yaml'], killed);
      const seen = new Map<string, RunEvent[]>();
      for (;;) {
        while (trainer.child.exitCode === null && (await stepCount(store)) <= 20 * kills + 5) {
          await sleep(5);
        }
        await sleep(Math.random() * 80);
        for (const { manifest, folder } of await store.list()) {
          seen.set(manifest.id, await readLog(folder));
        }
        trainer.child.kill('SIGKILL');
        const { status, stderr } = await trainer.ended;
        assert.ok(status === null || status === 0, stderr);
        if (status === null) kills++;
        const [next] = await unfinished();
        if (!next) break;
        assert.equal(next.status, 'interrupted');
        for (const [id, events] of seen) {
          const now = await readLog(store.open(id).path);
          assert.deepEqual(now.slice(0, events.length), events, 'what was read once stays');
        }
        const { id } = next.manifest.experiment;
        trainer = startGrain(['run', '--resume', id], killed);
      }
      assert.ok(kills >= 3, `killed ${kills} times`);

      const [ours, theirs] = await Promise.all([store.list(), new RunStore(alone).list()]);
      assert.deepEqual(
        ours.map(({ manifest }) => manifest.aggregator),
        ['grain', 'mean'],
      );
      for (const [i, { folder }] of ours.entries()) {
        const [mine, expected] = await Promise.all([folder, theirs[i]!.folder].map(outcomeOf));
        assert.equal(expected!.steps.length, Number(chosen.steps));
        assert.deepEqual(mine, expected, 'no step lost, none repeated, the same bits');
      }
      console.log(`killed ${kills} times`);
    });
  }

  test('stop --wait ends it with a checkpoint, later ones before they begin; the process exits with 130', async () => {
    const folder = temporary();
    writeRings(folder, { ...config, steps: '1000000' });
    const { child, ended } = startGrain(['run', 'grain.yaml'], folder);
    const store = new RunStore(folder);
    while (child.exitCode === null && (await stepCount(store)) < 3) await sleep(10);
    const runs = await store.list();
    assert.deepEqual(
      runs.map(({ status }) => status),
      ['running', 'queued'],
    );
    const { id } = runs[0]!.manifest.experiment;
    const stopped = await grain(['stop', id, '--wait', '--json'], folder);
    assert.equal(stopped.status, 0, stopped.stderr);
    assert.deepEqual(
      JSON.parse(stopped.stdout).runs.map(({ status }: { status: string }) => status),
      ['stopped', 'stopped'],
    );
    assert.equal((await ended).status, 130);
    const events = await readLog(runs[0]!.folder);
    const end = events.at(-1);
    assert.ok(end?.kind === 'end' && end.status === 'stopped');
    const checkpoint = events.findLast((event) => event.kind === 'checkpoint');
    assert.equal(checkpoint?.step, end.step);
  });
});

async function stepCount(store: RunStore): Promise<number> {
  return (await store.list()).reduce((sum, { step }) => sum + step, 0);
}
