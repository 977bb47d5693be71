/** An experiment over a grid: trained, interrupted, resumed, lengthened and judged. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { launchAdded } from '../../src/experiment/addSeeds.ts';
import { ComparisonError, checkComparable } from '../../src/experiment/comparable.ts';
import { type Launch, launchFresh, parsedFrom } from '../../src/experiment/launch.ts';
import { findingsOnDisk } from '../../src/experiment/launchReport.ts';
import { fullReportOf } from '../../src/experiment/report/fullReport.ts';
import { methodsSentence } from '../../src/experiment/report/methods.ts';
import { launchResumed, ResumeError } from '../../src/experiment/resume.ts';
import { trainLaunch } from '../../src/experiment/trainRuns.ts';
import { verdictOf } from '../../src/experiment/verdict.ts';
import { facetsOf } from '../../src/runs/facets.ts';
import { RunStore } from '../../src/runs/store.ts';
import { writeRings } from './rings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'grain-grid-'));
const file = path.join(folder, 'grain.yaml');
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function write(grid: string, more: Readonly<Record<string, string>> = {}): void {
  const settings = { steps: '4', evaluateEvery: '4', groups: '{ count: 2 }', batchSize: '8' };
  writeRings(folder, { ...settings, grid, seeds: '[0, 1, 2]', ...more });
}

const nothing = () => {};

/** @param most steps before everything is asked to stop */
async function train(launch: Launch, most = Number.POSITIVE_INFINITY): Promise<void> {
  let steps = 0;
  await trainLaunch(launch, {
    onEvent: (_, event) => {
      if (event.kind === 'step') steps++;
    },
    isInterrupted: () => steps >= most,
  });
}

const GRID = '{ learningRate: [1e-5, 0.05], groups.count: [2, 4] }';

test('every point is trained with its settings; interrupted, it resumes with them', async () => {
  write(GRID);
  await train(await launchFresh(file, {}, folder, nothing), 10);
  const stopped = await new RunStore(folder).list();
  assert.equal(stopped.length, 24);
  assert.ok(stopped.some(({ status }) => status === 'stopped'));
  const { experiment } = stopped[0]!.manifest;
  await train(await launchResumed(experiment.id, folder, {}, nothing));
  const runs = await new RunStore(folder).list();
  assert.ok(runs.every(({ status }) => status === 'finished'));
  for (const { manifest } of runs) {
    const { point, config, groups } = manifest;
    const { optimizer } = config as { optimizer: { learningRate: number } };
    assert.equal(optimizer.learningRate, point!['optimizer.learningRate']);
    assert.equal(groups.names.length, point!['groups.count']);
  }
  const values = new Set(runs.map(({ lastMetric }) => lastMetric!.value));
  assert.ok(values.size > 2, 'points differ in their results');
  const facets = facetsOf(runs);
  assert.deepEqual(
    [facets.get('key:optimizer.learningRate'), facets.get('method'), facets.get('seed')],
    [2, 8, 3],
  );
});

test('methods are compared within each point; p values are corrected for all points', async () => {
  const runs = await new RunStore(folder).list();
  const findings = await findingsOnDisk(runs[0]!.manifest, folder);
  assert.equal(findings.methods.length, 8);
  assert.equal(findings.comparisons.length, 4);
  for (const { one, other, point, pairs } of findings.comparisons) {
    assert.deepEqual([one, other, pairs], [`grain ${point}`, `mean ${point}`, 3]);
  }
  const { words, notes } = verdictOf(findings);
  assert.match(
    words.join(),
    /grain and mean at learningRate=1e-5 count=2|At learningRate=1e-5 count=2, grain and mean/,
  );
  assert.match(notes.join('\n'), /within each of 4 points of the grid/);
  const sentence = methodsSentence(await fullReportOf(runs));
  assert.match(sentence, /with grain and mean, 3 seeds each at each of 4 points of a grid/);
  assert.match(sentence, /learningRate 0\.00001, 0\.05, groups\.count 2, 4/);
});

test('seeds are added to every point, and values to the grid; another grid is another experiment', async () => {
  const { experiment } = (await new RunStore(folder).list())[0]!.manifest;
  const added = await launchAdded(parsedFrom(file, {}), { addSeeds: 1 }, folder, nothing);
  assert.equal(added.runs.length, 8);
  await train(added);
  write('{ learningRate: [1e-5, 0.05, 0.1], groups.count: [2, 4] }');
  const more = await launchAdded(parsedFrom(file, {}), { addSeeds: 0 }, folder, nothing);
  assert.equal(more.runs.length, 2 * 2 * 4);
  assert.ok(more.runs.every(({ manifest }) => manifest.experiment.id === experiment.id));
  assert.ok(more.runs.every(({ manifest }) => manifest.point!['optimizer.learningRate'] === 0.1));
  await train(more);
  write('{ learningRate: [1e-5] }', { groups: '{ count: 2 }' });
  await assert.rejects(
    launchAdded(parsedFrom(file, {}), { addSeeds: 0 }, folder, nothing),
    /another settings that the grid varies/,
  );
  write('{ learningRate: [1e-5], groups.count: [2] }', { batchSize: '16' });
  await assert.rejects(
    launchAdded(parsedFrom(file, {}), { addSeeds: 0 }, folder, nothing),
    ComparisonError,
  );
});

test('launches over other values of the same settings may be reported together', async () => {
  const runs = await new RunStore(folder).list();
  const other = runs[0]!;
  const moved = (id: string, point: Record<string, number>) => ({
    ...other,
    manifest: { ...other.manifest, id, point, experiment: { id: 'other', name: 'other' } },
  });
  const [first] = runs.filter(({ manifest }) => manifest.seed.init === 1);
  checkComparable([first!, moved('a', { 'optimizer.learningRate': 3, 'groups.count': 2 })]);
  assert.throws(() => checkComparable([first!, moved('b', { batchSize: 3 })]), ComparisonError);
});

test('steps that a grid varies are not extended', async () => {
  rmSync(path.join(folder, '.grain'), { recursive: true });
  write('{ steps: [2, 4] }', { seeds: '[0]', aggregate: '[mean]' });
  await train(await launchFresh(file, {}, folder, nothing));
  const [run] = await new RunStore(folder).list();
  await assert.rejects(
    launchResumed(run!.manifest.experiment.id, folder, { steps: 9 }, nothing),
    ResumeError,
  );
  // The command line's steps are those of every run.
  assert.deepEqual(parsedFrom(file, { steps: 3 }).config.grid, undefined);
});
