import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailsOf, labelOf } from '../../../src/extension/explorer/labels.ts';
import { buildTree } from '../../../src/extension/explorer/tree.ts';
import { formatDuration, formatLiveProgress, formatLoading } from '../../../src/runs/format.ts';
import type { RunSummary } from '../../../src/runs/store.ts';
import { summary } from './fixtures.ts';

function labelsOf(...runs: RunSummary[]) {
  return [...buildTree(runs).nodes.values()].map((node) => ({
    kind: node.kind,
    ...labelOf(node, 'en'),
  }));
}

test('a running seed shows its progress and last metric', () => {
  const lastMetric = { name: 'accuracy', value: 0.93456 };
  const [run] = labelsOf(summary({ seed: 3, status: 'running', step: 40, lastMetric }));
  assert.equal(run?.label, 'seed 3');
  assert.equal(run?.description, 'running · 40/200 · accuracy 0.935');
  assert.equal(run?.spoken, 'seed 3, running · 40/200 · accuracy 0.935');
});

test('two seeds that differ are both named', () => {
  const [run] = labelsOf(summary({ seed: { init: 1, order: 2 } }));
  assert.equal(run?.label, 'seed init 1 · order 2');
});

test('an experiment is named with its time, which tells its launches apart', () => {
  const experiment = labelsOf(summary()).find(({ kind }) => kind === 'experiment');
  assert.match(experiment?.label ?? '', /^digits · Mar \d+, \d\d:\d\d$/);
});

test('a later launch shows what was changed in its config', () => {
  const [first, second] = [1, 2].map((hour) =>
    summary({
      experiment: `e${hour}`,
      createdAt: `2026-03-04T0${hour}:00:00.000Z`,
      config: { steps: 100 * hour, device: 'cpu', batchSize: hour },
    }),
  );
  const tree = buildTree([first!, second!]);
  const [later, earlier] = tree.roots.map((id) => labelOf(tree.nodes.get(id)!, 'en').description);
  assert.equal(earlier, 'finished');
  assert.equal(later, 'steps 100 → 200 and 1 more · finished');
  const details = detailsOf(tree.nodes.get(tree.roots[0]!)!, 'en', 0);
  assert.deepEqual(
    details.filter(([name]) => name === 'Changed').map(([, change]) => change),
    ['steps 100 → 200', 'batchSize 1 → 2'],
  );
});

test('of a nested key only its last part is on the row', () => {
  const [first, second] = [1e-3, 3e-3].map((learningRate, i) =>
    summary({
      ...{ experiment: `e${i}`, createdAt: `2026-03-04T0${i}:00:00.000Z` },
      config: { optimizer: { learningRate } },
    }),
  );
  const tree = buildTree([first!, second!]);
  const { description } = labelOf(tree.nodes.get(tree.roots[0]!)!, 'en');
  assert.equal(description, 'learningRate 0.001 → 0.003 · finished');
});

test('a name, a star and tags are on the row, the note in the tooltip', () => {
  const notes = { name: 'long', starred: true, tags: ['a', 'b'], note: 'Worth a second look' };
  const [run] = labelsOf(summary({ notes }));
  assert.equal(run?.label, 'seed 0 · long');
  assert.equal(run?.description, '★ #a #b · finished');
  const all = labelsOf(summary({ notes }), summary({ seed: 1, notes: { ...notes, tags: ['b'] } }));
  const experiment = all.find(({ kind }) => kind === 'experiment');
  assert.match(experiment?.label ?? '', /^long · Mar /);
  assert.equal(experiment?.description, '★ #b · finished', 'what all of its runs have');
  const node = buildTree([summary({ notes })]).nodes.get('run:/runs/e1-grain-0-0')!;
  assert.equal(Object.fromEntries(detailsOf(node, 'en', 0)).Note, 'Worth a second look');
});

test('a method shows mean and standard deviation over the seeds that have finished', () => {
  const [one, two, three] = [0.8, 0.9, 0.1].map((value, seed) =>
    summary({
      ...{ seed, status: seed === 2 ? 'running' : 'finished' },
      lastMetric: { name: 'accuracy', value },
    }),
  );
  const method = labelsOf(one!, two!, three!).find(({ kind }) => kind === 'aggregator');
  assert.equal(method?.description, 'accuracy 0.850 ± 0.071 · running · 2 of 3 done');
});

test('launches of one minute are told apart by their seconds', () => {
  const launch = (experiment: string, second: string) =>
    summary({ experiment, createdAt: `2026-03-04T05:06:${second}.000Z` });
  const labels = labelsOf(launch('a', '07'), launch('b', '41'));
  const names = labels.filter(({ kind }) => kind === 'experiment').map(({ label }) => label);
  assert.match(names.sort().join(' and '), /:07 and digits · .*:41$/);
});

test('a group of runs shows the status that most needs attention, and the actions that fit it', () => {
  const [finished, failed, running] = (['finished', 'failed', 'running'] as const).map(
    (status, seed) => summary({ status, seed }),
  );
  const experiment = (...runs: RunSummary[]) =>
    labelsOf(...runs).find(({ kind }) => kind === 'experiment')!;
  assert.equal(experiment(finished!, failed!, running!).status, 'running');
  assert.equal(experiment(finished!, failed!, running!).contextValue, 'experiment active');
  assert.equal(experiment(finished!, failed!).description, 'failed · 1 of 2 done');
  assert.equal(experiment(finished!, failed!).contextValue, 'experiment resumable');
  assert.equal(experiment(finished!).description, 'finished');
  assert.equal(experiment(finished!).contextValue, 'experiment ended');
});

test('a run with an alarm does not look well, nor does its experiment', () => {
  const lastMetric = { name: 'accuracy', value: 0.2 };
  const alarm = {
    rule: 'exploding-loss',
    step: 4,
    message: 'The loss is 5e+30.',
    figures: {},
    groups: [],
    clearedAt: null,
  };
  const ruined = summary({ alarms: [alarm], lastMetric });
  const [run] = labelsOf(ruined, summary({ seed: 1 }));
  assert.equal(run?.description, 'finished, with an alarm · accuracy 0.200 · The loss is 5e+30.');
  assert.equal(run?.spoken, `seed 0, ${run?.description}`);
  assert.equal(run?.trouble, 'alarm');
  assert.deepEqual(
    labelsOf(ruined, summary({ seed: 1 })).map(({ kind, trouble }) => [kind, trouble]),
    [
      ['run', 'alarm'],
      ['run', null],
      ['aggregator', 'alarm'],
      ['experiment', 'alarm'],
    ],
  );
  const past = summary({ alarms: [{ ...alarm, clearedAt: 30 }], lastMetric });
  assert.equal(labelsOf(past)[0]?.description, 'finished · accuracy 0.200');
  const rows = detailsOf(buildTree([past]).nodes.get(`run:${past.folder}`)!, 'en', 0);
  assert.deepEqual(
    rows.find(([name]) => name === 'Past alarm'),
    ['Past alarm', 'step 4: The loss is 5e+30. Over at step 30.'],
  );
});

test('a seed shows its best value beside the last, and what it was warned of', () => {
  const lastMetric = { name: 'accuracy', value: 0.9 };
  const warned = { count: 2, last: 'Groups by label may stall grain.' };
  const run = summary({ lastMetric, bestMetric: 0.95678, warned });
  const [seed, method] = labelsOf(run);
  assert.equal(
    seed?.description,
    'finished · accuracy 0.900 (best 0.957) · Groups by label may stall grain.',
  );
  assert.equal(seed?.spoken, `seed 0, with a warning, ${seed?.description}`);
  assert.equal(seed?.trouble, 'warning');
  assert.match(method!.description, /1 of 1 with a warning$/);
  const node = buildTree([run]).nodes.get(`run:${run.folder}`)!;
  assert.equal(
    Object.fromEntries(detailsOf(node, 'en', 0)).Warning,
    'Groups by label may stall grain. (the last of 2)',
  );
});

test('a queued run can be stopped, an interrupted one resumed', () => {
  assert.equal(labelsOf(summary({ status: 'queued' }))[0]?.contextValue, 'run active');
  assert.equal(labelsOf(summary({ status: 'interrupted' }))[0]?.contextValue, 'run resumable');
});

test('the tooltip of a run says what became of its guarantee, where that is known', () => {
  const [run] = [...buildTree([summary()]).nodes.values()].filter(({ kind }) => kind === 'run');
  const text = 'direction certified, 44 % of updates conflict (AdamW)';
  assert.equal(Object.fromEntries(detailsOf(run!, 'en', 0, text)).Guarantee, text);
  assert.equal(Object.fromEntries(detailsOf(run!, 'en', 0)).Guarantee, undefined);
});

test('the tooltip of a failed run says why and how long it took', () => {
  const node = buildTree([
    summary({ status: 'failed', failure: { code: 'outOfMemory', message: 'no memory' } }),
  ]).nodes;
  const run = [...node.values()].find(({ kind }) => kind === 'run')!;
  const details = Object.fromEntries(detailsOf(run, 'en', Date.now()));
  assert.equal(details.Error, 'no memory');
  assert.equal(details.Duration, '1 min 30 s');
});

test('durations', () => {
  assert.equal(formatDuration(7_600), '8 s');
  assert.equal(formatDuration(59_900), '1 min 0 s');
  assert.equal(formatDuration(3_905_000), '1 h 5 min');
});

test('a long step shows its duration', () => {
  const run = summary({ status: 'running', step: 40, changedAt: 1_000 });
  assert.equal(formatLiveProgress(run, 15_000), '40/200');
  assert.equal(formatLiveProgress(run, 81_000), '40/200 for 1 min 20 s');
  assert.equal(formatLiveProgress(summary({ step: 40, changedAt: 1_000 }), 81_000), '40/200');
});

test('a long validation shows its progress, also while nothing is logged', () => {
  const run = summary({ status: 'running', step: 40, changedAt: 1_000, validating: 0.458 });
  assert.equal(formatLiveProgress(run, 15_000), '40/200, validating 45 %');
  assert.equal(formatLiveProgress(run, 81_000), '40/200, validating 45 % for 1 min 20 s');
  const { nodes } = buildTree([run]);
  const node = [...nodes.values()].find(({ kind }) => kind === 'run')!;
  assert.equal(labelOf(node, 'en').description, 'running · 40/200, validating 45 %');
  assert.equal(Object.fromEntries(detailsOf(node, 'en', 2_000)).Validation, '45 % done');
});

test('what is being loaded, and how much of it has arrived', () => {
  const words = (done: number, total: number) =>
    formatLoading({ what: 'reading data', bytes: { done, total } });
  assert.equal(words(999, 1_200), 'reading data, 83 % of 2 kB');
  assert.equal(words(269_000_000, 538_090_408), 'reading data, 49 % of 538 MB');
  assert.equal(words(5e9, 5_000_000_001), 'reading data, 99 % of 5.0 GB');
  assert.equal(formatLoading({ what: 'loading the model', bytes: null }), 'loading the model');
});
