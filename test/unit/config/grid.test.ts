import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionsAt } from '../../../src/config/editing/completions.ts';
import { helpAt } from '../../../src/config/editing/help.ts';
import { placeAt } from '../../../src/config/editing/place.ts';
import { expand } from '../../../src/config/expand.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { countPoints } from '../../../src/config/points.ts';
import { commandOf } from '../../../src/config/program.ts';
import { broken } from './broken.ts';

const data = 'data: { train: a.csv, validation: b.csv, target: label }';

test('a run for each seed, point and method, with the settings of its point', () => {
  const text = `${data}\naggregate: [grain, mean]\nseeds: [3]\ngrid: { learningRate: [1e-5, 0.002], batchSize: [16, 32] }`;
  const { config } = parseConfig(text, 'grain.yaml');
  const runs = expand(config).map(
    ({ aggregator, seed, point, config: { optimizer, batchSize } }) => {
      return [aggregator, seed.init, point, optimizer.learningRate, batchSize];
    },
  );
  const at = (rate: number, size: number) => ({ 'optimizer.learningRate': rate, batchSize: size });
  assert.deepEqual(runs, [
    ['grain learningRate=1e-5 batchSize=16', 3, at(1e-5, 16), 1e-5, 16],
    ['mean learningRate=1e-5 batchSize=16', 3, at(1e-5, 16), 1e-5, 16],
    ['grain learningRate=1e-5 batchSize=32', 3, at(1e-5, 32), 1e-5, 32],
    ['mean learningRate=1e-5 batchSize=32', 3, at(1e-5, 32), 1e-5, 32],
    ['grain learningRate=0.002 batchSize=16', 3, at(0.002, 16), 0.002, 16],
    ['mean learningRate=0.002 batchSize=16', 3, at(0.002, 16), 0.002, 16],
    ['grain learningRate=0.002 batchSize=32', 3, at(0.002, 32), 0.002, 32],
    ['mean learningRate=0.002 batchSize=32', 3, at(0.002, 32), 0.002, 32],
  ]);
  assert.equal(countPoints(config), 4);
});

test('a point turns on what it sets, with the defaults of its other keys', () => {
  const text = `${data}\nseeds: [0]\naggregate: [mean]\ngrid: { techniques.labelSmoothing.epsilon: [0.1, 0.2], maxGradNorm: [1], epochs: [2] }`;
  const [, second] = expand(parseConfig(text, 'grain.yaml').config);
  assert.equal(second!.aggregator, 'mean maxGradNorm=1 epochs=2 epsilon=0.2');
  assert.deepEqual(second!.aggregation.techniques, { labelSmoothing: { epsilon: 0.2 } });
  assert.deepEqual([second!.config.optimizer.maxGradNorm, second!.config.epochs], [1, 2]);
});

for (const [grid, at, message] of [
  ['{ learningRte: [1] }', 'learningRte', /there is no setting "learningRte"/],
  ['{ device: [cpu] }', 'device', /device does not vary in a grid/],
  ['{ model.from: [a/b] }', 'model.from', /model\.from does not vary/],
  ['{ learningRate: [1, -1] }', '-1', /grid\.learningRate\[1\] cannot be -1/],
  ['{ learningRate: 1 }', '1', /grid\.learningRate cannot be 1/],
  [
    '{ learningRate: [1, 2], optimizer.learningRate: [3] }',
    'optimizer.learningRate',
    /varies twice/,
  ],
  ['{ batchSize: [16, 8, 16] }', '16', /16 is repeated/],
  ['{ batchSize: [4, 32] }', '4', /a batch of 4 .* 8 groups \(at batchSize=4\)/],
  ['{ momentum: [0.9] }', '0.9', /momentum does nothing with adamw/],
  ['{ steps: [9] }\nepochs: 3', '9', /steps does nothing with epochs/],
  [
    '{ batchSize: [16] }\ntune: { learningRates: [1, 2] }',
    'grid',
    /grid and tune cannot be combined/,
  ],
  [`{ batchSize: [${Array.from({ length: 1001 }, (_, i) => i + 32)}] }`, 'grid', /1,001 points/],
] as const) {
  test(`a mistake in a grid is marked where it is: ${grid.slice(0, 60)}`, () => {
    const mistakes = broken(`${data}\ngrid: ${grid}`);
    assert.equal(mistakes.length, 1, JSON.stringify(mistakes));
    assert.equal(mistakes[0]![0], at);
    assert.match(mistakes[0]![1], message);
  });
}

test('what is wrong at every point is said once, of the config', () => {
  const mistakes = broken(`${data}\ngroups: { count: 33 }\ngrid: { learningRate: [1, 2] }`);
  assert.deepEqual(mistakes, [['33', 'a batch of 32 examples cannot be split into 33 groups']]);
});

test('what the grid sets is checked in place of what stands beside it', () => {
  assert.deepEqual(broken(`${data}\nbatchSize: 4\ngrid: { batchSize: [16] }`), []);
  assert.deepEqual(
    broken(`${data}\noptimizer: { momentum: 0.9 }\ngrid: { optimizer.name: [sgd] }`),
    [],
  );
});

test('a program gets settings and names of its own', () => {
  const text =
    'program: python t.py --lr {learningRate} --hidden {hidden} --size {batchSize}\ngrid: { learningRate: [1e-4], hidden: [8, 9], batchSize: [4] }';
  const { config } = parseConfig(text, 'grain.yaml');
  const commands = expand(config).map((run) => commandOf({ ...run, aggregator: 'mean' }).slice(2));
  assert.deepEqual(commands, [
    ['--lr', '0.0001', '--hidden', '8', '--size', '4'],
    ['--lr', '0.0001', '--hidden', '9', '--size', '4'],
  ]);
  assert.deepEqual(broken('program: python t.py {hidden}\ngrid: { hidden: [1], layers: [1, 2] }'), [
    ['[1, 2]', 'the runs of grid.layers would be alike: program has no {layers}'],
  ]);
  const alone = 'does nothing with program, whose {aggregator} is the name alone';
  assert.deepEqual(
    broken(
      'program: t {aggregator} {seed}\naggregate: [mean, { name: mean, guard: true, techniques: { ema: {} } }]',
    ),
    [
      ['guard', `guard ${alone}`],
      ['techniques', `techniques ${alone}`],
    ],
  );
  assert.deepEqual(broken('program: t {seed}\ntechniques: { ema: {} }'), [
    ['techniques', 'techniques does nothing with program, which trains in its own way'],
  ]);
  assert.deepEqual(broken('program: t {techniques.ema.decay}\ntechniques: { ema: {} }'), []);
  assert.match(broken('program: t {seed}\ngrid: { seed: [1, 2] }')[0]![1], /seed does not vary/);
});

test('keys of a grid are completed and explained', () => {
  const text = `${data}\ngrid: {  }`;
  const labels = completionsAt(text, text.length - 2).items.map(({ label }) => label);
  for (const key of ['learningRate', 'optimizer.name', 'batchSize', 'model.dropout']) {
    assert.ok(labels.includes(key), key);
  }
  assert.ok(!labels.includes('name') && !labels.includes('model.from'));
  const written = `${data}\ngrid: { learningRate: [1] }`;
  const help = helpAt(written, placeAt(written, written.indexOf('learningRate'))!);
  assert.match(help!, /Values of `optimizer\.learningRate`\. Peak learning rate/);
});
