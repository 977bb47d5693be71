import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { grain } from './grain.ts';
import { ringsOf, writeRings } from './rings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-config-'));
  writeRings(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a config for the rings and says where in it a text is, as `grain.yaml:line:column`. */
function configWith(settings: Readonly<Record<string, string>>, at: string): string {
  writeRings(folder, settings);
  return placeIn('grain.yaml', at);
}

function placeIn(name: string, at: string): string {
  const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
  const line = lines.findIndex((it) => it.includes(at));
  assert.ok(line >= 0, at);
  return `${name}:${line + 1}:${lines[line]!.indexOf(at) + 1}`;
}

const columns = 'train: rings.csv, validation: rings.csv';

/** Mistakes that the config's text alone shows. */
const inText: readonly [
  what: string,
  settings: Record<string, string>,
  at: string,
  says: RegExp,
][] = [
  [
    'an unknown key',
    { stepz: '3' },
    'stepz',
    /unknown key "stepz"\. Did you mean steps\? Expected name,/,
  ],
  ['a wrong type', { steps: 'many' }, 'many', /steps cannot be "many"\. Expected a whole number/],
  ['an unknown aggregator', { aggregate: '[grian]' }, 'grian', /Expected grain, mean/],
  [
    'an unknown parameter of an aggregator',
    { aggregate: '[mean, { name: gradvac, betta: 0.4 }]' },
    'betta',
    /unknown key "betta"\. Did you mean beta\? Expected name, beta, metric,/,
  ],
  [
    'a metric without its optimizer',
    { optimizer: '{ name: sgd }', aggregate: '[{ name: grain, metric: preconditioned }]' },
    'preconditioned',
    /sgd has no preconditioner.*\. Expected metric: euclidean, or/,
  ],
  [
    'a task that is not supported',
    { task: 'translation' },
    'translation',
    /Expected classification, regression or generation/,
  ],
  [
    'more groups than examples in a batch',
    { batchSize: '3' },
    '4',
    /a batch of 3 examples cannot be split into 4 groups\. Expected/,
  ],
  ['broken YAML', { seeds: '[0' }, 'device', /Expected YAML or JSON/],
];

/** Mistakes that show when the files are looked at. */
const inFiles: typeof inText = [
  [
    'a missing file',
    { data: '{ train: ring.csv, validation: rings.csv, target: ring }' },
    'ring.csv',
    /file not found: .*\. Did you mean rings.csv\? Expected the path of a.* file/,
  ],
];

/** Mistakes that only reading the data shows. */
const inData: typeof inText = [
  [
    'a missing column',
    { data: `{ ${columns}, target: rings }` },
    'rings }',
    /no column "rings".*\. Did you mean ring\? Expected /,
  ],
  [
    'a missing feature',
    { data: `{ ${columns}, target: ring, features: [x, why] }` },
    'why',
    /no column "why".*\. Did you mean y\? Expected/,
  ],
  [
    'a batch larger than the data',
    { batchSize: '121' },
    '121',
    /121 examples is larger than the training set of 120/,
  ],
  [
    'a weight of no class',
    { techniques: '{ classWeights: { iner: 2 } }' },
    'iner:',
    /there is no class "iner"\. Did you mean inner\? Expected inner or outer/,
  ],
];

for (const [what, settings, at, says] of [...inText, ...inFiles, ...inData]) {
  test(`config check finds ${what}`, async () => {
    const place = configWith(settings, at);
    const { status, stdout, stderr } = await grain(['config', 'check', 'grain.yaml'], folder);
    assert.deepEqual([status, stderr], [2, '']);
    assert.ok(stdout.startsWith(`${place}: `), `${stdout} is not at ${place}`);
    assert.match(stdout, says);
  });
}

for (const [what, settings, at, says] of [...inText, ...inFiles, ...inData]) {
  test(`run rejects ${what} before it writes anything`, async () => {
    const place = configWith(settings, at);
    const { status, stdout, stderr } = await grain(['run', 'grain.yaml'], folder);
    assert.deepEqual([status, stdout], [2, '']);
    assert.ok(stderr.includes(`${place}: `), `${stderr} is not at ${place}`);
    assert.match(stderr, says);
    assert.equal(existsSync(path.join(folder, '.grain')), false);
  });
}

for (const [what, mistake, at, says] of [
  ['a NaN', '0.5,NaN,inner', 'NaN', /"NaN" in column "y" stands for a missing value\. Expected/],
  ['an empty cell', '0.5,,inner', ',inner', /empty cell.*\. Expected/],
  ['a row that is too short', '0.5,0.25', '0.5,0.25', /\. Expected/],
] as const) {
  test(`run rejects ${what} in the data, at its place there`, async () => {
    const file = path.join(folder, 'bad.csv');
    writeFileSync(file, `x,y,ring\n1,2,outer\n${mistake}\n`);
    writeRings(folder, { data: '{ train: bad.csv, validation: rings.csv, target: ring }' });
    const { status, stderr } = await grain(['run', 'grain.yaml'], folder);
    assert.equal(status, 2);
    const [, line, column] = /bad\.csv:(\d+):(\d+): /.exec(stderr) ?? [];
    assert.equal(line, '3', stderr);
    if (at !== mistake) assert.equal(placeIn('bad.csv', at), `bad.csv:${line}:${column}`);
    assert.match(stderr, says);
    assert.equal(existsSync(path.join(folder, '.grain')), false);
  });
}

test('run rejects data of one class, at the target', async () => {
  writeFileSync(path.join(folder, 'one.csv'), 'x,y,ring\n1,2,outer\n3,4,outer\n');
  const place = configWith(
    {
      data: '{ train: one.csv, validation: one.csv, target: ring }',
      batchSize: '2',
      groups: '{ count: 1 }',
    },
    'ring }',
  );
  const { status, stderr } = await grain(['run', 'grain.yaml'], folder);
  assert.equal(status, 2);
  assert.ok(stderr.includes(`${place}: `), stderr);
  assert.match(stderr, /only one class.*\. Expected at least two classes/);
  assert.equal(existsSync(path.join(folder, '.grain')), false);
});

/** With a validation file that is not the training file, which would be a warning. */
function withOwnValidation(settings: Readonly<Record<string, string>> = {}): void {
  const data = '{ train: rings.csv, validation: dev.csv, target: ring }';
  writeRings(folder, { data, ...settings });
  writeFileSync(path.join(folder, 'dev.csv'), ringsOf(60));
}

test('a config without mistakes, as text and as one object; JSON too', async () => {
  withOwnValidation();
  const text = await grain(['config', 'check', 'grain.yaml'], folder);
  assert.deepEqual(text, { status: 0, stdout: 'grain.yaml: valid, 2 runs\n', stderr: '' });
  const json = await grain(['config', 'check', 'grain.yaml', '--json'], folder);
  assert.equal(json.status, 0);
  const { config, ...rest } = JSON.parse(json.stdout);
  assert.deepEqual(rest, {
    ...{ file: 'grain.yaml', valid: true, runs: 2 },
    ...{ warnings: [], notJudged: [] },
  });
  assert.equal(config.batchSize, 32, 'defaults are filled in');
  writeFileSync(path.join(folder, 'resolved.json'), JSON.stringify(config));
  const again = await grain(['config', 'check', 'resolved.json'], folder);
  assert.equal(again.status, 0, again.stdout);
});

test('what was measured to do harm is a warning, which changes no status', async () => {
  withOwnValidation({ groups: '{ by: label }' });
  const text = await grain(['config', 'check', 'grain.yaml'], folder);
  assert.equal(text.status, 0);
  const [warning, valid] = text.stdout.split('\n');
  assert.ok(warning?.startsWith(`${placeIn('grain.yaml', 'grain, mean')}: warning: `), warning);
  assert.equal(valid, 'grain.yaml: valid, 2 runs');
  const json = await grain(['config', 'check', 'grain.yaml', '--json'], folder);
  const { warnings } = JSON.parse(json.stdout);
  assert.deepEqual(
    warnings.map((it: { severity: string; suggestion: string }) => [it.severity, it.suggestion]),
    [['warning', 'grain-normalized']],
  );
});

test('mistakes as one object', async () => {
  writeRings(folder, { devise: 'cpu' });
  const { status, stdout } = await grain(['config', 'check', 'grain.yaml', '--json'], folder);
  assert.equal(status, 2);
  const { file, valid, diagnostics } = JSON.parse(stdout);
  assert.deepEqual([file, valid, diagnostics.length], ['grain.yaml', false, 1]);
  const [{ line, column, endLine, endColumn, message, suggestion, path: key }] = diagnostics;
  assert.equal(`grain.yaml:${line}:${column}`, placeIn('grain.yaml', 'devise'));
  assert.deepEqual([endLine, endColumn - column], [line, 'devise'.length]);
  assert.deepEqual([message, suggestion, key], ['unknown key "devise"', 'device', ['devise']]);
});

test('a missing config and invalid command lines exit with 2', async () => {
  const missing = await grain(['config', 'check', 'no.yaml'], folder);
  assert.equal(missing.status, 2);
  assert.match(missing.stdout, /^no\.yaml:1:1: /);
  for (const args of [['config', 'check'], ['config', 'czech', 'x'], ['rune'], ['runs', '--jsn']]) {
    const { status, stdout, stderr } = await grain(args, folder);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('what is hardly meant in the data: said once before the first step, and by config check', async () => {
  const examples = (count: number) =>
    Array.from({ length: count }, (_, i) => `${(i * 7) % 5}.5,${i % 33 === 0 ? 'rare' : 'usual'}`);
  writeFileSync(path.join(folder, 'skewed.csv'), `x,label\n${examples(99).join('\n')}\n`);
  writeFileSync(path.join(folder, 'dev.csv'), `x,label\n${examples(34).join('\n')}\n`);
  const config = path.join(folder, 'skewed.grain.yaml');
  const text = 'data: { train: skewed.csv, validation: dev.csv, target: label }';
  writeFileSync(config, `${text}\ngroups: { count: 2 }\nsteps: 2\nseeds: [0]\ndevice: cpu\n`);
  const warning = `${config}:1:${text.indexOf('label') + 1}: warning: imbalanced classes: 97 % of the training examples are "usual", 3 % are "rare". Better: metric: macroF1`;
  const check = await grain(['config', 'check', config], folder);
  assert.equal(check.status, 0);
  assert.ok(check.stdout.startsWith(warning), check.stdout);
  const run = await grain(['run', config], folder);
  assert.equal(run.stderr.split(warning).length, 2, run.stderr);
  assert.equal(run.stderr.split('imbalanced').length, 2, 'not again by each run');
});

test('config check judges the columns of large data, and reads its rows if asked', async () => {
  const config = 'data: { train: large.csv, validation: rings.csv, target: ring }\n';
  writeFileSync(path.join(folder, 'large.grain.yaml'), config);
  const row = `${'0'.repeat(1000)},0.5,inner\n`;
  const rows = (last: string) => `x,y,ring\n${row.repeat(20_500)}${last}`;
  writeFileSync(path.join(folder, 'large.csv'), rows('0.5,oops,outer\n'));
  const check = (...options: string[]) =>
    grain(['config', 'check', 'large.grain.yaml', ...options], folder);
  const quick = await check();
  assert.equal(quick.status, 0, quick.stdout);
  assert.match(quick.stdout, /^not judged: the rows of 2\d MB of data: --data reads them$/m);
  assert.match(quick.stdout, /large\.grain\.yaml: valid/);
  assert.deepEqual(JSON.parse((await check('--json')).stdout).notJudged.length, 1);
  const whole = await check('--data');
  assert.equal(whole.status, 2);
  assert.match(whole.stdout, /large\.csv:20502:5: "oops" in column "y" is not a number/);
  writeFileSync(path.join(folder, 'large.csv'), rows('').replace('ring', 'rung'));
  assert.match((await check()).stdout, /no column "ring"/);
});

test('the config that is proposed for a data file runs as it is', async () => {
  const data = ringsOf(60).replaceAll(',', ';');
  writeFileSync(path.join(folder, 'points.csv'), data);
  const proposed = await grain(['config', 'new', 'points.csv'], folder);
  assert.equal(proposed.status, 0, proposed.stderr);
  writeFileSync(path.join(folder, 'grain.yaml'), proposed.stdout);
  const args = ['run', 'grain.yaml', '--seed', '0', '--steps', '3', '--json'];
  const { status, stdout, stderr } = await grain(args, folder);
  assert.equal(status, 0, stderr);
  const { runs } = JSON.parse(stdout) as { runs: { status: string }[] };
  assert.deepEqual(
    runs.map((run) => run.status),
    ['finished', 'finished'],
  );
  const wrong = await grain(['config', 'new', 'points.csv', '--target', 'rign'], folder);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /no column "rign"\. Did you mean ring\?/);
});
