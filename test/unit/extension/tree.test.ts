import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buildTree,
  changes,
  type Grouping,
  groupings,
  type TreeNode,
} from '../../../src/extension/explorer/tree.ts';
import { summary } from './fixtures.ts';

const early = { experiment: 'early', createdAt: '2026-01-01T00:00:00.000Z' };
const late = { experiment: 'late', createdAt: '2026-01-02T00:00:00.000Z' };
const runs = [
  summary({ ...early, seed: 0 }),
  summary({ ...late, aggregator: 'grain', seed: 10 }),
  summary({ ...late, aggregator: 'grain', seed: 9 }),
  summary({ ...late, aggregator: 'mean', seed: 9 }),
];

function look({ runs }: TreeNode): string {
  return runs.map(({ status, step }) => `${status} ${step}`).join();
}

test('experiments, the latest first, hold aggregators, and these their seeds in numeric order', () => {
  const { roots, nodes } = buildTree(runs);
  assert.deepEqual(roots, ['experiment:/runs/late', 'experiment:/runs/early']);
  assert.deepEqual(nodes.get('experiment:/runs/late')?.children, [
    'aggregator:/runs/late/grain',
    'aggregator:/runs/late/mean',
  ]);
  assert.deepEqual(nodes.get('aggregator:/runs/late/grain')?.children, [
    'run:/runs/late-grain-9-9',
    'run:/runs/late-grain-10-10',
  ]);
  assert.equal(nodes.get('experiment:/runs/late')?.runs.length, 3);
});

test('what tuned an experiment is one node below it; what tunes one that has not begun, one beside it', () => {
  const tuned = (experiment: string, tunes: string) => {
    const run = summary({ experiment, createdAt: '2025-12-31T00:00:00.000Z' });
    const own = { ...run.manifest.experiment, tunes };
    return { ...run, manifest: { ...run.manifest, experiment: own } };
  };
  const all = [...runs, tuned('rate1', 'late'), tuned('rate2', 'late'), tuned('rate3', 'next')];
  const { roots, nodes } = buildTree(all);
  assert.deepEqual(roots, ['experiment:/runs/late', 'experiment:/runs/early', 'tuning:/runs/next']);
  const late = nodes.get('experiment:/runs/late')!;
  assert.equal(late.runs.length, 3, 'no result of the experiment is of a tuning run');
  const tuning = nodes.get(late.children.at(-1)!)!;
  assert.deepEqual([tuning.label, tuning.runs.length], ['learning rates tried', 2]);
  for (const node of nodes.values()) {
    for (const child of node.children) assert.equal(nodes.get(child)?.parent, node.id);
  }
});

test('every child knows its parent, and every run is below exactly one experiment', () => {
  const { roots, nodes } = buildTree(runs);
  for (const node of nodes.values()) {
    for (const child of node.children) assert.equal(nodes.get(child)?.parent, node.id);
    assert.equal(node.parent === undefined, roots.includes(node.id));
  }
  const below = roots.flatMap((id) => nodes.get(id)!.runs.map(({ manifest }) => manifest.id));
  assert.deepEqual(below.sort(), runs.map(({ manifest }) => manifest.id).sort());
});

test('the tree does not depend on the order in which the disk lists the runs', () => {
  const expected = buildTree(runs);
  fc.assert(
    fc.property(fc.shuffledSubarray(runs, { minLength: runs.length }), (shuffled) => {
      assert.deepEqual(buildTree(shuffled), expected);
    }),
  );
});

test('a run that progresses redraws its own line and those above, no others', () => {
  const moved = runs.map((run) =>
    run.manifest.id === 'late-grain-9-9' ? { ...run, status: 'running' as const, step: 7 } : run,
  );
  assert.deepEqual([...changes(buildTree(runs), buildTree(moved), look)].sort(), [
    'aggregator:/runs/late/grain',
    'experiment:/runs/late',
    'run:/runs/late-grain-9-9',
  ]);
});

test('if nothing changed, nothing is redrawn', () => {
  assert.deepEqual(changes(buildTree(runs), buildTree([...runs]), look), []);
});

test('a deleted run changes its aggregator; a new experiment changes all', () => {
  const fewer = runs.filter(({ manifest }) => manifest.id !== 'late-grain-10-10');
  const sameLook = () => '';
  assert.deepEqual(changes(buildTree(runs), buildTree(fewer), sameLook), [
    'aggregator:/runs/late/grain',
  ]);
  const more = [...runs, summary({ experiment: 'new' })];
  assert.equal(changes(buildTree(runs), buildTree(more), sameLook), 'all');
});

test('a copied project beside the original has experiments and runs of its own', () => {
  const copies = runs.map((run) => ({ ...run, folder: run.folder.replace('/runs', '/copy/runs') }));
  const { roots, nodes } = buildTree([...runs, ...copies]);
  assert.equal(roots.length, 4);
  for (const id of roots) {
    const folders = new Set(nodes.get(id)!.runs.map(({ folder }) => path.dirname(folder)));
    assert.equal(folders.size, 1, id);
  }
});

test('grouped, each run is below one group, and the levels below stay', () => {
  const marked = runs.map((run, i) => ({
    ...run,
    notes: { ...run.notes, tags: i % 2 === 0 ? ['even'] : [] },
    status: i === 3 ? ('failed' as const) : run.status,
  }));
  for (const by of groupings) {
    const { roots, nodes } = buildTree(marked, { by });
    const below = roots.flatMap((id) => nodes.get(id)!.runs.map(({ manifest }) => manifest.id));
    assert.deepEqual(below.sort(), runs.map(({ manifest }) => manifest.id).sort(), by);
    for (const node of nodes.values()) {
      for (const child of node.children) assert.equal(nodes.get(child)?.parent, node.id, by);
      assert.equal(node.parent === undefined, roots.includes(node.id));
    }
  }
  const labels = (by: Grouping) => {
    const { roots, nodes } = buildTree(marked, { by });
    return roots.map((id) => nodes.get(id)!.label);
  };
  assert.deepEqual(labels('status').sort(), ['failed', 'finished']);
  assert.deepEqual(labels('tag').sort(), ['#even', 'no tag']);
  assert.deepEqual(labels('method').sort(), ['grain', 'mean']);
  const { roots, nodes } = buildTree(marked, { by: 'method' });
  const launch = nodes.get(nodes.get(roots[0]!)!.children[0]!)!;
  assert.deepEqual(
    [launch.kind, ...launch.children.map((id) => nodes.get(id)!.kind)],
    ['experiment', ...launch.runs.map(() => 'run')],
  );
});
