import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDifferences } from '../../../src/runs/configDifferences.ts';
import { facetsOf, groupRuns, launchLabels } from '../../../src/runs/facets.ts';
import { summary } from '../extension/fixtures.ts';

const at = (second: string) => `2026-03-04T05:06:${second}.000Z`;
const runs = [
  summary({ experiment: 'a', createdAt: at('01'), notes: { tags: ['x', 'y'] } }),
  summary({ experiment: 'b', createdAt: at('02'), seed: 1, config: { model: { hidden: [8] } } }),
  summary({ experiment: 'b', createdAt: at('03'), aggregator: 'mean', status: 'failed' }),
];

const labels = (...facets: Parameters<typeof groupRuns>[1]) =>
  groupRuns(runs, facets, 'en').map(({ label, runs }) => [label, runs.length]);

test('each run is in one group, by method, tags, status, a key of the config, or two of them', () => {
  assert.deepEqual(labels('method'), [
    ['grain', 2],
    ['mean', 1],
  ]);
  assert.deepEqual(labels('tag'), [
    ['#x #y', 1],
    ['no tag', 2],
  ]);
  assert.deepEqual(labels('status', 'method'), [
    ['finished · grain', 2],
    ['failed · mean', 1],
  ]);
  assert.deepEqual(labels('key:model.hidden'), [
    ['hidden none', 2],
    ['hidden [8]', 1],
  ]);
});

test('launches of a minute differ in their seconds, copies of a project in its name', () => {
  assert.match(labels('launch').join(), /:01,1,.*:02,2$/);
  const copy = { ...runs[0]!, folder: '/work/copy/.grain/runs/a' };
  const original = { ...runs[0]!, folder: '/work/original/.grain/runs/a' };
  const names = [...launchLabels([copy, original], 'en').values()];
  assert.match(names.join(), / · copy,.* · original$/);
  const configs = groupRuns([copy, original], ['config'], 'en').map(({ label }) => label);
  assert.deepEqual(configs, ['grain.yaml · copy', 'grain.yaml · original']);
  const namesake = { ...copy, folder: '/elsewhere/copy/.grain/runs/a' };
  const three = groupRuns([copy, original, namesake], ['launch'], 'en').map(({ label }) => label);
  assert.equal(new Set(three).size, 3);
  assert.match(three.join(), / · copy,.* · original,.* · copy \(2\)$/);
});

test('in how many ways runs differ', () => {
  const facets = facetsOf(runs);
  assert.deepEqual(
    ['launch', 'method', 'tag', 'config', 'key:model.hidden'].map((facet) =>
      facets.get(facet as 'launch'),
    ),
    [2, 2, 2, 1, 2],
  );
});

test('what runs that are compared differ in, data and devices included', () => {
  const [one, two, three] = runs.map(({ manifest }, i) => ({
    manifest: {
      ...manifest,
      config: { ...manifest.config, steps: 5 },
      fingerprints: { train: i === 2 ? 'f00dfeed01' : 'cafecafe01' },
    },
  }));
  const { variants, rows } = configDifferences([one!, two!, three!]);
  assert.equal(variants.length, 3);
  assert.deepEqual(rows, [
    { key: 'model.hidden', values: ['none', '[8]', 'none'] },
    { key: 'fingerprint of train', values: ['cafecafe', 'cafecafe', 'f00dfeed'] },
  ]);
  assert.deepEqual(configDifferences([one!, one!]).rows, []);
});
