import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain, formatDiagnostic } from '../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { textAt } from './textAt.ts';

const data = 'data: { train: a.csv, validation: b.csv, target: label }';
const byClass = `${data}\ngroups: { by: label }`;

/** [what is pointed at, what it may be changed to] for each warning. */
function warned(text: string): [string, string | undefined][] {
  const { warnings } = parseConfig(text, 'grain.yaml');
  assert.ok(warnings.every(({ severity }) => severity === 'warning'));
  return warnings.map((it) => [textAt(text, it), it.suggestion]);
}

for (const [what, text, expected] of [
  ['a name', `${byClass}\naggregate: [mean, grain]`, [['grain', 'grain-normalized']]],
  [
    'the name in an entry',
    `${byClass}\naggregate:\n  - { name: grain, guard: true }\n  - mean`,
    [['grain', 'grain-normalized']],
  ],
  [
    'with sgd, too, though every update then keeps the guarantee',
    `${byClass}\naggregate: [grain]\noptimizer: { name: sgd }`,
    [['grain', 'grain-normalized']],
  ],
  [
    'each of several entries',
    `${byClass}\naggregate: [grain, { name: grain, smoothing: 0.9 }]`,
    [
      ['grain', 'grain-normalized'],
      ['grain', 'grain-normalized'],
    ],
  ],
  [
    'layer by layer, and one after another',
    `${byClass}\naggregate: [grain-layerwise, grain-streaming]`,
    [
      ['grain-layerwise', 'grain-normalized'],
      ['grain-streaming', 'grain-normalized'],
    ],
  ],
  [
    'the preconditioned metric',
    `${byClass}\naggregate: [{ name: grain, metric: preconditioned }]`,
    [['preconditioned', undefined]],
  ],
  [
    'what would be listed twice is not suggested',
    `${byClass}\naggregate: [grain, grain-normalized]`,
    [['grain', undefined]],
  ],
  [
    'a column that is the target has the same groups',
    `${data}\ngroups: { by: column:label }\naggregate: [grain]`,
    [['grain', 'grain-normalized']],
  ],
  [
    'JSON',
    '{ "data": { "train": "a.csv", "validation": "b.csv", "target": "c" }, "groups": { "by": "label" }, "aggregate": ["grain"] }',
    [['grain', 'grain-normalized']],
  ],
] as const) {
  test(`grain with a group per class is warned of: ${what}`, () => {
    assert.deepEqual(warned(text), expected);
  });
}

test('nothing is warned of that was not measured, or does no harm', () => {
  for (const text of [
    byClass,
    `${data}\naggregate: [grain]`,
    `${data}\ngroups: { by: column:site }\naggregate: [grain]`,
    `${byClass}\naggregate: [mean, grain-normalized, upgrad]`,
    `${byClass}\naggregate: [{ name: grain-normalized, metric: preconditioned }]`,
  ]) {
    assert.deepEqual(warned(text), [], text);
  }
});

test('a warning has the figures, what is better, and where they are from', () => {
  const text = `${byClass}\naggregate: [grain]`;
  const [warning] = parseConfig(text, 'grain.yaml').warnings;
  assert.match(
    explain(warning!),
    /it reached accuracy 0\.\d+, the mean 0\.\d+, over \d+ seeds \(docs\/guarantee\.md\)\. Better: grain-normalized \(0\.\d+\) or upgrad \(0\.\d+\), which did not stall with adamw\.$/,
  );
  assert.match(formatDiagnostic(warning!), /^grain\.yaml:3:13: warning: with groups by class/);
});

test('a warning has the figures of the optimizer, if they were measured', () => {
  const warning = (name: string) =>
    explain(
      parseConfig(`${byClass}\naggregate: [grain]\noptimizer: { name: ${name} }`, 'grain.yaml')
        .warnings[0]!,
    );
  assert.match(warning('adamw'), /on digits with adamw it reached/);
  assert.match(warning('sgd'), /on digits with sgd it reached/);
  const figures = (text: string) => /accuracy (0\.\d+), the mean (0\.\d+)/.exec(text)!.slice(1);
  assert.notDeepEqual(figures(warning('sgd')), figures(warning('adamw')));
});

test('aggregators from the command line are warned of at the groups', () => {
  const text = `${byClass}\naggregate: [mean]`;
  const parsed = parseConfig(text, 'grain.yaml').with({ aggregate: ['upgrad', 'grain'] });
  assert.deepEqual(
    parsed.warnings.map((it) => [textAt(text, it), it.suggestion]),
    [['label', undefined]],
  );
  assert.deepEqual(parsed.warningsOf(0), []);
  assert.equal(parsed.warningsOf(1).length, 1);
});
