import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingWords } from '../../../src/config/dataSchema.ts';
import { alternatives, ConfigError, explain } from '../../../src/config/diagnostic.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { aggregators } from '../../../src/engine/aggregators/registry.ts';
import { textAt } from './textAt.ts';

const names = Object.keys(aggregators);

const data = 'data: { train: train.csv, validation: dev.csv, target: label }';

/** The mistakes of a text, each with the text that it points at. */
function mistakes(text: string) {
  try {
    parseConfig(text, 'grain.yaml');
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.diagnostics.map((it) => ({ ...it, at: textAt(text, it) }));
  }
  return [];
}

function onlyMistake(text: string) {
  const found = mistakes(text);
  assert.equal(found.length, 1, JSON.stringify(found, null, 2));
  return found[0]!;
}

describe('what is right', () => {
  test('the least config: everything else has a default', () => {
    const { config } = parseConfig(data, 'grain.yaml');
    assert.deepEqual(config, {
      name: 'fine-tune',
      task: 'classification',
      model: { freeze: 0, reinitialize: 0, dtype: 'float32', checkpointing: false },
      data: {
        train: 'train.csv',
        validation: 'dev.csv',
        delimiter: ',',
        extraCells: 'error',
        missing: missingWords,
        dropIncomplete: false,
        target: 'label',
        maxNewTokens: 256,
        scale: 1,
        standardize: false,
      },
      groups: { by: 'microbatch', count: 8, backward: 'grouped' },
      aggregate: ['grain-normalized', 'mean'],
      optimizer: {
        name: 'adamw',
        learningRate: 0.001,
        momentum: 0,
        weightDecay: 0,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        warmup: 0,
        decay: 'none',
      },
      batchSize: 32,
      batches: 'random',
      steps: 500,
      evaluateEvery: 50,
      checkpointEvery: 100,
      controls: false,
      keepCheckpoints: 1,
      seeds: [0, 1, 2, 3, 4],
      concurrency: 1,
      device: 'auto',
      zeroGroups: 'drop',
      alarms: { stop: [], off: [] },
    });
  });

  test('JSON, YAML, comments, anchors, tabs in JSON, a byte order mark and CRLF mean the same', () => {
    const yaml = [
      '# a comment',
      data,
      'groups: &by { by: "column:site" }',
      'optimizer: { name: sgd, learningRate: 1e-3 }',
      'seeds: [3, { init: 1, order: 2 }]',
    ].join('\n');
    const { config } = parseConfig(yaml, 'grain.yaml');
    assert.deepEqual(config.seeds, [3, { init: 1, order: 2 }]);
    assert.equal(config.optimizer.learningRate, 0.001);
    const json = JSON.stringify(
      { ...config, optimizer: { name: 'sgd', learningRate: 1e-3 }, groups: { by: 'column:site' } },
      null,
      '\t',
    );
    for (const same of [yaml.replaceAll('\n', '\r\n'), `\ufeff${yaml}`, json]) {
      assert.deepEqual(parseConfig(same, 'grain.yaml').config, config);
    }
  });

  test('every aggregator may be asked for, by its name alone or with all of its parameters', () => {
    for (const { name, parameters } of Object.values(aggregators)) {
      const usual = Object.entries(parameters).map(([key, of]) => [key, of.default] as const);
      const settings = usual.map(([key, value]) => `, ${key}: ${value}`).join('');
      const { config } = parseConfig(
        `${data}\naggregate: [{ name: ${name}${settings} }]`,
        'grain.yaml',
      );
      assert.deepEqual(config.aggregate, [
        { name, ...Object.fromEntries(usual), metric: 'euclidean', smoothing: 0, guard: false },
      ]);
    }
    const { config } = parseConfig(`${data}\naggregate: [${names}]`, 'grain.yaml');
    assert.deepEqual(config.aggregate, names);
  });
});

describe('mistakes', () => {
  test('all are listed, in the order of their places, with what would be right', () => {
    const text = [
      'name: rte',
      'learningrate: 3',
      'data:',
      '  train: 5',
      '  target: label',
      'steps: many',
    ].join('\n');
    assert.throws(() => parseConfig(text, 'runs/grain.yaml'), {
      name: 'ConfigError',
      message: [
        'runs/grain.yaml:2:1: unknown key "learningrate"; there is optimizer.learningRate. Expected name, task, metric, program, model, data, groups, aggregate, techniques, controls, tune, grid, optimizer, batchSize, batches, steps, epochs, earlyStopping, evaluateEvery, evaluateExamples, checkpointEvery, keepCheckpoints, seeds, concurrency, ray, device, zeroGroups or alarms.',
        'runs/grain.yaml:3:1: missing key data.validation. Expected the path of a file, or a list or pattern of them, or { share: 0.2 } of the training examples.',
        'runs/grain.yaml:4:10: data.train cannot be 5. Expected the path of a file, or a list or pattern of them.',
        'runs/grain.yaml:6:8: steps cannot be "many". Expected a whole number of at least 1.',
      ].join('\n'),
    });
  });

  for (const [what, text, at, suggestion] of [
    ['a key', `${data}\nbatchsize: 3`, 'batchsize', 'batchSize'],
    ['a key of a section', `${data}\noptimizer: { lerningRate: 1 }`, 'lerningRate', 'learningRate'],
    [
      'a quoted key',
      `{"data": {"train": "a", "validation": "b", "traget": "c", "target": "d"}}`,
      'traget',
      'target',
    ],
    [
      'a key of a list item',
      `${data}\nseeds:\n  - { init: 1, order: 1, ordr: 2 }`,
      'ordr',
      'order',
    ],
    ['a choice', `${data}\ntask: Clasification`, 'Clasification', 'classification'],
    ['a quoted choice', `${data}\ntask: "regresion"`, 'regresion', 'regression'],
    ['a choice beside a pattern', `${data}\ngroups: { by: microbach }`, 'microbach', 'microbatch'],
    ['an aggregator', `${data}\naggregate: [mean, grian]`, 'grian', 'grain'],
    ['the name in an entry', `${data}\naggregate: [{ name: cagard, c: 0.4 }]`, 'cagard', 'cagrad'],
    ['a parameter', `${data}\naggregate: [{ name: gradvac, betta: 0.4 }]`, 'betta', 'beta'],
    [
      'a metric',
      `${data}\naggregate:\n  - grain\n  - name: grain\n    metric: preconditiond`,
      'preconditiond',
      'preconditioned',
    ],
    ['a key of an adapter', `${data}\nmodel: { adapter: { lora: { ranks: 4 } } }`, 'ranks', 'rank'],
    ['a setting', `${data}\naggregate: [{ name: grain, smoothin: 0.4 }]`, 'smoothin', 'smoothing'],
  ] as const) {
    test(`the nearest valid name can take the place of ${what}`, () => {
      const mistake = onlyMistake(text);
      assert.equal(mistake.at, at);
      assert.equal(mistake.suggestion, suggestion);
      const offset = text.lastIndexOf(at);
      const mended = text.slice(0, offset) + suggestion + text.slice(offset + at.length);
      assert.ok(
        mistakes(mended).every((it) => it.at !== suggestion || it.message.includes('twice')),
        mended,
      );
    });
  }

  test('what is far from every name gets no suggestion', () => {
    assert.equal(onlyMistake(`${data}\ncolour: red`).suggestion, undefined);
    const auc = onlyMistake(`${data}\nmetric: auc`);
    assert.equal(auc.suggestion, undefined);
    assert.match(auc.expected!, /accuracy, .* or exactMatch$/);
  });

  test('tasks and aggregators that are not supported: those that are', () => {
    assert.equal(
      onlyMistake(`${data}\ntask: translation`).expected,
      'classification, regression or generation',
    );
    assert.ok(
      onlyMistake(`${data}\naggregate: [sgd]`).expected?.startsWith(`${alternatives(names)}, or`),
    );
    assert.equal(onlyMistake(`${data}\naggregate: [{ name: sgd }]`).expected, alternatives(names));
  });

  for (const [line, at, expected] of [
    ['steps: 0', '0', /a whole number of at least 1/],
    ['steps: 1.5', '1.5', /a whole number of at least 1/],
    ['steps: "10"', '10', /a whole number of at least 1/],
    ['steps:', 'steps', /a whole number of at least 1/],
    ['steps: .nan', '.nan', /a whole number/],
    ['batchSize: 1e300', '1e300', /a whole number/],
    ['seeds: [-1]', '-1', /from 0 to 2147483647, or the keys init, order/],
    ['seeds: [{ init: 1 }]', '{ init: 1 }', /a whole number from 0 to 2147483647/],
    ['seeds: []', '[]', /a list, not empty,/],
    ['aggregate: mean', 'mean', /a list, not empty, of grain, mean/],
    ['aggregate: [7]', '7', /^grain, mean, .*, or the keys name, metric, smoothing/],
    ['aggregate: [{ c: 0.4 }]', '{ c: 0.4 }', /^grain, mean,/],
    ['aggregate: [{ name: cagrad, c: 1 }]', '1', /^a number from 0 to below 1$/],
    ['aggregate: [{ name: cagrad, c: big }]', 'big', /^a number from 0 to below 1$/],
    ['aggregate: [{ name: cagrad, beta: 1 }]', 'beta', /^name, c, metric, smoothing, guard, zero/],
    ['aggregate: [{ name: nash-mtl, maxNorm: -1 }]', '-1', /^a number of at least 0$/],
    ['aggregate: [{ name: grain, smoothing: 1 }]', '1', /^a number from 0 to below 1$/],
    ['aggregate: [{ name: grain, zeroGroups: keep }]', 'keep', /^drop, stop or error$/],
    ['optimizer: adam', 'adam', /the keys name, learningRate/],
    ['optimizer: { warmup: 1.01 }', '1.01', /a number from 0 to 1/],
    ['optimizer: { warmup: -0.1 }', '-0.1', /a number from 0 to 1/],
    ['optimizer: { beta2: 1 }', '1', /a number from 0 to below 1/],
    ['optimizer: { learningRate: 0 }', '0', /a number above 0/],
    ['optimizer: { learningRate: .inf }', '.inf', /a number above 0/],
    [
      'groups: { by: "column:" }',
      'column:',
      /microbatch, random, label or length, or column:<name>/,
    ],
    ['metric: bleu', 'bleu', /^accuracy, macroF1, f1, mcc, rmse,/],
    ['batches: bucketed', 'bucketed', /^random or similar-length$/],
    ['groups: { backward: both }', 'both', /^grouped or accumulate$/],
    ['keepCheckpoints: 0', '0', /a whole number of at least 1, or best/],
    ['keepCheckpoints: bst', 'bst', /or best/],
    ['model: { adapter: lora }', 'lora', /^the keys lora, dora, adalora, ia3, promptTuning$/],
    ['model: { adapter: { lora: { rank: 0 } } }', '0', /a whole number of at least 1/],
    [
      'model: { adapter: { lora: { targets: [] } } }',
      '[]',
      /a list, not empty, of the name of a lin/,
    ],
    ['model: { dropout: 1 }', '1', /a number from 0 to below 1/],
    ['name: a/b', 'a/b', /valid in a folder name/],
    ['name: "  "', '  ', /valid in a folder name/],
    ['name: ..', '..', /valid in a folder name/],
    ['model: { hidden: [8, none] }', 'none', /a whole number of at least 1/],
  ] as const) {
    test(`${line}: its place and what it may be`, () => {
      const mistake = onlyMistake(`${data}\n${line}`);
      assert.equal(mistake.at, at);
      assert.match(mistake.expected ?? '', expected);
    });
  }

  test('a key is known to be elsewhere, however deep', () => {
    const { message } = onlyMistake(`${data}\nalpha: 16`);
    assert.equal(
      message,
      'unknown key "alpha"; there is model.adapter.lora.alpha and model.adapter.dora.alpha and model.adapter.adalora.alpha and techniques.rDrop.alpha',
    );
  });

  for (const [more, at, expected] of [
    ['text: []', '[]', 'the name of a column, or a list of one or two'],
    ['text: [a, b, c]', '[a, b, c]', 'the name of a column, or a list of one or two'],
    ['text: 7', '7', 'the name of a column, or a list of one or two'],
    ['from: gsm8k', 'gsm8k', 'owner/name, or owner/name@revision'],
    ['format: xls', 'xls', 'csv, tsv, jsonl, json, parquet or arrow'],
    ['maxLength: 4', '4', 'a whole number of at least 8'],
  ] as const) {
    test(`data.${more}: its place and what it may be`, () => {
      const mistake = onlyMistake(`data: { train: a.csv, validation: b.csv, target: c, ${more} }`);
      assert.equal(mistake.at, at);
      assert.equal(mistake.expected, expected);
    });
  }

  test('data.image has three lengths', () => {
    const mistake = onlyMistake(
      `data: { train: a.csv, validation: b.csv, target: c, image: [28, 28] }`,
    );
    assert.equal(mistake.at, '[28, 28]');
    assert.equal(mistake.expected, '[height, width, channels]');
  });

  test('a missing key is missing from its parent', () => {
    assert.deepEqual(
      mistakes('name: x\ndata:\n  train: a\n').map(({ at, message }) => [at, message]),
      [
        ['data', 'missing key data.validation'],
        ['data', 'missing key data.target'],
      ],
    );
    const { line, column, message } = onlyMistake('# nothing\n');
    assert.deepEqual([line, column, message], [1, 1, 'missing key data']);
  });

  for (const [what, text, line] of [
    ['a tab as indentation', 'data:\n\ttrain: x', 2],
    ['a key twice', `${data}\nsteps: 1\nsteps: 2`, 3],
    ['an open bracket', `${data}\nseeds: [1`, 2],
    ['an unknown tag', `${data}\nname: !custom x`, 2],
    ['two documents', `${data}\n---\n${data}`, 2],
    ['an alias without an anchor', `${data}\nname: *missing`, 1],
    [
      'aliases that grow without end',
      `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`,
      1,
    ],
    ['a list', '- a\n- b', 1],
    ['binary rubbish', '\u0000\u0001{', 1],
  ] as const) {
    test(`no config at all: ${what}`, () => {
      const [first] = mistakes(text);
      assert.equal(first?.line, line);
      assert.ok(first?.expected);
    });
  }

  test('a diagnostic can explain itself without its place', () => {
    assert.match(
      explain(onlyMistake(`${data}\ndevise: cpu`)),
      / Did you mean device\? Expected .*\.$/,
    );
  });
});
