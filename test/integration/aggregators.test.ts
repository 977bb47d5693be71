/** Short runs of every aggregator, by real processes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { aggregators } from '../../src/engine/aggregators/registry.ts';
import { diagnoseStep } from '../../src/engine/diagnoseStep.ts';
import { unpackGram } from '../../src/engine/gram.ts';
import { guaranteeOf } from '../../src/engine/guarantee.ts';
import { repeatableFacts, type StepEvent } from '../../src/runs/events.ts';
import { factsOf } from '../../src/runs/facts.ts';
import { RunStore, type RunSummary } from '../../src/runs/store.ts';
import { readEvents } from '../../src/runs/tail.ts';
import { grain, startGrain } from './grain.ts';
import { writeRings } from './rings.ts';

const STEPS = 12;

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-aggregators-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

function storeOf(folder: string): RunStore {
  return new RunStore(folder);
}

async function stepsOf(run: RunSummary): Promise<StepEvent[]> {
  const events = await readEvents(run.folder);
  return events.filter((event) => event.kind === 'step');
}

describe('every aggregator', () => {
  const folder = temporary();
  const entries = [
    ...Object.keys(aggregators),
    '{ name: grain, metric: preconditioned }',
    '{ name: grain-layerwise, metric: preconditioned }',
    '{ name: upgrad, smoothing: 0.5 }',
    '{ name: cagrad, c: 0.4 }',
    '{ name: mean, guard: true }',
  ];
  let runs: RunSummary[];
  const runOf = (label: string) => runs.find(({ manifest }) => manifest.aggregator === label)!;

  before(async () => {
    writeRings(folder, {
      aggregate: `[${entries.join(', ')}]`,
      // Two blocks: 1,200 parameters, and 6,416 with the 34 of the head.
      model: '{ hidden: [400, 16] }',
      steps: String(STEPS),
    });
    const { status, stderr } = await grain(['run', 'grain.yaml'], folder);
    assert.equal(status, 0, stderr);
    runs = await storeOf(folder).list();
  });

  test('trains its own run to the end', () => {
    assert.equal(runs.length, entries.length);
    for (const { status, step } of runs) assert.deepEqual([status, step], ['finished', STEPS]);
    const labels = runs.map(({ manifest }) => manifest.aggregator);
    assert.deepEqual(labels.filter((label) => label.includes(' ')).sort(), [
      'cagrad c=0.4',
      'grain preconditioned',
      'grain-layerwise preconditioned',
      'mean guard',
      'upgrad smoothing=0.5',
    ]);
    assert.deepEqual(runOf('cagrad c=0.4').manifest.aggregation, {
      name: 'cagrad',
      parameters: { c: 0.4 },
      metric: 'euclidean',
      smoothing: 0,
      zeroGroups: 'drop',
      guard: null,
    });
  });

  test('logs facts that show whether its guarantee held', async () => {
    for (const run of runs) {
      const aggregation = run.manifest.aggregation;
      const { properties, decidedBy } = Object.values(aggregators).find(
        ({ name }) => name === aggregation.name,
      )!;
      const steps = await stepsOf(run);
      assert.equal(steps.length, STEPS);
      for (const step of steps) {
        const of = diagnoseStep(factsOf(step));
        const expected = !properties.nonConflicting
          ? 'none'
          : aggregation.smoothing > 0
            ? 'lost'
            : 'held';
        assert.equal(guaranteeOf(aggregation, of), expected, run.manifest.aggregator);
        const isStreamed = decidedBy === 'arrival';
        assert.equal(of.unmeasured, isStreamed ? 'one-by-one' : null);
        assert.equal(of.certified === null, isStreamed);
        assert.equal(step.update === null, isStreamed);
        assert.equal(step.weights === null, decidedBy === 'coordinates');
        if (properties.minimumNorm) assert.ok(of.gap! <= 1e-9 * of.norm2!);
      }
    }
  });

  test('by layer: two blocks, whose Gram matrices add up to that of the step', async () => {
    for (const step of await stepsOf(runOf('grain-layerwise'))) {
      assert.deepEqual(
        step.blocks!.map(({ name }) => name),
        ['hidden1', 'hidden2+head'],
      );
      const k = step.groups.length;
      const [whole, ...parts] = [step.gram!, ...step.blocks!.map(({ gram }) => gram)].map((gram) =>
        unpackGram(gram, k),
      );
      for (const [at, entry] of whole!.entries()) {
        assert.equal(entry, parts[0]![at]! + parts[1]![at]!);
      }
      const sum = step.weights!.reduce((total, weight) => total + weight, 0);
      assert.ok(Math.abs(sum - 1) < 1e-12);
    }
  });

  test('show reports the guarantee, its metric and the conflicts', async () => {
    const show = async (label: string) => {
      const { id } = runOf(label).manifest;
      const [text, json] = await Promise.all([
        grain(['show', id], folder),
        grain(['show', id, '--json'], folder),
      ]);
      return { text: text.stdout, shown: JSON.parse(json.stdout) };
    };
    const kept = await show('grain preconditioned');
    assert.match(
      kept.text,
      /^cost +[\d.]+ ms a step.*; [\d.]+ % of it aggregation \(medians of \d+ steps\)$/m,
    );
    const { tensors, resident, againstMean } = kept.shown.cost;
    assert.ok(tensors > 0 && resident > tensors);
    assert.equal(againstMean.run, runOf('mean').manifest.id);
    // The gradients in the metric of AdamW are there beside those that they are made from.
    assert.ok(againstMean.tensors > 1);
    assert.equal((await show('mean')).shown.cost.againstMean, null);
    assert.match(kept.text, /for the preconditioned step, without momentum/);
    assert.match(kept.text, new RegExp(`held in ${STEPS} of ${STEPS} steps`));
    assert.equal(kept.shown.aggregation.metric, 'preconditioned');
    const lost = await show('upgrad smoothing=0.5');
    assert.match(lost.text, /LOST by smoothing/);
    assert.equal(lost.shown.lastStep.guaranteeState, 'lost');
    const streamed = await show('grain-streaming');
    assert.match(streamed.text, /not measurable +gradients were computed one after another/);
    assert.equal(streamed.shown.lastStep.diagnostics.certified, null);
  });
});

test('without momentum and preconditioner the update is the direction times the rate', async () => {
  const folder = temporary();
  writeRings(folder, {
    aggregate: '[grain]',
    steps: '5',
    optimizer: '{ name: sgd, learningRate: 0.5 }',
  });
  assert.equal((await grain(['run', 'grain.yaml'], folder)).status, 0);
  const [run] = await storeOf(folder).list();
  for (const step of await stepsOf(run!)) {
    const { norm2, updateConflictsWith } = diagnoseStep(factsOf(step));
    assert.ok(Math.abs(step.update!.norm2! - 0.25 * norm2!) < 1e-4 * norm2!);
    assert.deepEqual(updateConflictsWith, []);
  }
});

test('killed and resumed, aggregators with memory and the metric of AdamW end with the same bits', async () => {
  const config = {
    aggregate:
      '[gradvac, { name: grain, metric: preconditioned }, { name: grain-layerwise, smoothing: 0.9 }]',
    model: '{ hidden: [48, 48] }',
    steps: '60',
    evaluateEvery: '60',
    checkpointEvery: '7',
  };
  const [killed, alone] = [temporary(), temporary()];
  for (const folder of [killed, alone]) writeRings(folder, config);
  const left = grain(['run', 'grain.yaml'], alone);

  const store = storeOf(killed);
  const taken = async () => (await store.list()).reduce((sum, { step }) => sum + step, 0);
  let trainer = startGrain(['run', 'grain.yaml'], killed);
  // Once in each run, between two checkpoints.
  for (const [i, id] of [25, 85, 145].entries()) {
    while (trainer.child.exitCode === null && (await taken()) < id) await sleep(5);
    trainer.child.kill('SIGKILL');
    const { status, stderr } = await trainer.ended;
    assert.equal(status, null, `run ${i + 1} was killed, or ended by itself: ${stderr}`);
    const [next] = (await store.list()).filter(({ status }) => status === 'interrupted');
    trainer = startGrain(['run', '--resume', next!.manifest.experiment.id], killed);
  }
  assert.equal((await trainer.ended).status, 0);
  assert.equal((await left).status, 0);

  const [ours, theirs] = await Promise.all([store.list(), storeOf(alone).list()]);
  for (const [i, run] of ours.entries()) {
    const [mine, expected] = [await stepsOf(run), await stepsOf(theirs[i]!)];
    assert.deepEqual(
      mine.map(repeatableFacts),
      expected.map(repeatableFacts),
      run.manifest.aggregator,
    );
    const events = await readEvents(run.folder);
    assert.deepEqual(
      events.filter((event) => event.kind === 'warning' && event.message.startsWith('repeated')),
      [],
      'no step came out different',
    );
    assert.ok(events.filter(({ kind }) => kind === 'start').length >= 2, 'it was resumed');
    const [weights, wanted] = [run, theirs[i]!].map(({ folder }) => {
      const checkpoints = path.join(folder, 'checkpoints');
      const { last } = JSON.parse(readFileSync(path.join(checkpoints, 'index.json'), 'utf8'));
      return readFileSync(path.join(checkpoints, last, 'weights.bin'));
    });
    assert.deepEqual(weights, wanted);
  }
});
