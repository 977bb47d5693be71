import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/parse.ts';
import { broken } from './broken.ts';

const data = 'data: { train: a.csv, validation: b.csv, target: label }';
const images = 'data: { train: a.csv, validation: b.csv, target: label, image: [8, 8, 1] }';
const imageFiles = 'data: { train: a.csv, validation: b.csv, target: label, imageFile: picture }';

const texts = 'data: { train: a.csv, validation: b.csv, target: label, text: [a, b] }';
const textsWith = (more: string) => texts.replace(' }', `, ${more} }`);
const saved = 'model: { from: owner/name }';
const generation = `task: generation\n${saved}`;

for (const [text, at, message] of [
  [`${data}\ngroups: { count: 33 }`, '33', /a batch of 32 examples cannot be split into 33 groups/],
  [`${data}\nbatchSize: 4`, '4', /a batch of 4 examples cannot be split into 8 groups/],
  [`${data}\ngroups: { by: random, count: 5 }\nbatchSize: 4`, '5', /5 groups/],
  [`${data}\ngroups: { by: label, count: 4 }`, 'count', /does nothing with groups.by: label/],
  [`${data}\ngroups: { by: column:site, count: 4 }`, 'count', /by: column:site/],
  [
    `${data}\ntask: regression\ngroups: { by: label }`,
    'label',
    /need classes, which task: regression does not have/,
  ],
  [`${data}\nmodel: { freeze: 1 }`, 'freeze', /needs model.from/],
  [`${data}\nmodel: { head: new }`, 'head', /needs model.from/],
  [`${data}\nmodel: { from: saved, architecture: mlp }`, 'architecture', /contradicts model.from/],
  [`${data}\nmodel: { from: saved, hidden: [3] }`, 'hidden', /contradicts model.from/],
  [
    `${images}\nmodel: { architecture: cnn, hidden: [3] }`,
    'hidden',
    /^model.hidden does nothing with model.architecture: cnn/,
  ],
  [
    `${images}\nmodel: { architecture: mlp, filters: [3] }`,
    'filters',
    /^model.filters does nothing with model.architecture: mlp/,
  ],
  [
    `${data}\nmodel: { filters: [3] }`,
    'filters',
    /^model.filters does nothing with model.architecture: mlp/,
  ],
  [`${data}\nmodel: { architecture: cnn }`, 'cnn', /needs images/],
  [`${data}\noptimizer: { momentum: 0.9 }`, 'momentum', /nothing with adamw/],
  [`${data}\noptimizer: { name: sgd, beta1: 0.8 }`, 'beta1', /nothing with sgd/],
  [`${data}\naggregate: [mean, grain, mean]`, 'mean', /mean is repeated/],
  [
    `${data}\naggregate: [{ name: cagrad, c: 0.4 }, mean, { name: cagrad, c: 0.40 }]`,
    '{ name: cagrad, c: 0.40 }',
    /^cagrad c=0.4 is repeated/,
  ],
  [`${data}\naggregate: [grain, { name: grain }]`, '{ name: grain }', /^grain is repeated/],
  [
    `${data}\noptimizer: { name: sgd }\naggregate: [{ name: grain, metric: preconditioned }]`,
    'preconditioned',
    /^sgd has no preconditioner/,
  ],
  [
    `${data}\ntask: regression\ntechniques: { labelSmoothing: {} }`,
    'labelSmoothing',
    /^labelSmoothing needs classes, which task: regression/,
  ],
  [`${data}\ntechniques: { rDrop: {} }`, 'rDrop', /which small networks do not have/],
  [
    `${texts}\nmodel: { from: owner/name, dropout: 0 }\naggregate: [{ name: mean, techniques: { rDrop: {} } }]`,
    'rDrop',
    /model.dropout is 0/,
  ],
  [
    `${texts}\n${generation}\ntechniques: { ohem: {} }`,
    'ohem',
    /generation has one for each token/,
  ],
  [`${texts}\n${generation}\ntechniques: { tilted: {} }`, 'tilted', /one for each token/],
  [`${data}\ntechniques: { headFirst: {} }`, 'headFirst', /this one starts from scratch/],
  [
    `${texts}\n${generation}\ntechniques: { headFirst: {} }`,
    'headFirst',
    /which task: generation does not have/,
  ],
  [`${data}\ntechniques: { focal: {}, ghm: {} }`, 'ghm', /^ghm does not go together with focal/],
  [
    `${texts}\n${saved}\ngroups: { backward: accumulate }\ntechniques: { ghm: {} }`,
    'ghm',
    /which groups.backward: accumulate never has together/,
  ],
  [`${data}\nseeds: { split: 3 }`, '{ split: 3 }', /^seeds.split draws validation examples/],
  [
    'data: { train: a.csv, validation: { share: 0.2 }, target: y }\nseeds: [{ init: 0, order: 0, split: 1 }, { init: 0, order: 0, split: 1 }]',
    '{ init: 0, order: 0, split: 1 }',
    /^0\/0\/1 is repeated/,
  ],
  [`${data}\ntechniques: { noisyTune: {} }`, 'noisyTune', /pretrained weights, of a transformer/],
  [
    `${texts}\nmodel: { from: owner/name, adapter: { lora: {} } }\ntechniques: { noisyTune: {} }`,
    'noisyTune',
    /but model.adapter leaves pretrained weights as they are/,
  ],
  [
    `${texts}\nmodel: { from: owner/name, adapter: { lora: {} } }\ntechniques: { mixout: {} }`,
    'mixout',
    /but model.adapter leaves pretrained weights as they are/,
  ],
  [`${data}\ntechniques: { lnsr: {} }`, 'lnsr', /^lnsr adds noise between the layers of a trans/],
  [
    `${texts}\n${saved}\ndevice: wasm\ntechniques: { lnsr: {} }`,
    'lnsr',
    /which device wasm does not do/,
  ],
  [`${texts}\n${generation}\ntechniques: { lnsr: {} }`, 'lnsr', /one for each token/],
  [
    `${texts}\nmodel: { from: owner/name, checkpointing: true }\ntechniques: { lnsr: {} }`,
    'lnsr',
    /model.checkpointing would compute again without it/,
  ],
  [`${data}\ntechniques: { sam: {}, asam: {} }`, 'asam', /^asam does not go together with sam/],
  [`${data}\ntechniques: { asam: {}, tsam: {} }`, 'tsam', /^tsam does not go together with asam/],
  [
    `${data}\ntechniques: { classWeights: { a: 2 }, classBalanced: {} }`,
    'classBalanced',
    /^classBalanced does not go together with classWeights/,
  ],
  [
    `${data}\ntechniques: { classWeights: { a: 2 } }\naggregate: [{ name: mean, techniques: { classBalanced: {} } }]`,
    'classBalanced',
    /^classBalanced does not go together with classWeights/,
  ],
  [`${data}\ntechniques: { curriculum: {} }`, 'curriculum', /there are no texts/],
  [
    `${texts}\n${saved}\nbatches: similar-length\ntechniques: { curriculum: {} }`,
    'curriculum',
    /batches: similar-length contradicts/,
  ],
  [`${data}\ntechniques: { swa: {}, ema: {} }`, 'swa', /^swa does not go together with ema/],
  [
    `${data}\ntechniques: { ema: {} }\naggregate: [{ name: mean, techniques: { swa: {} } }]`,
    'swa',
    /^swa does not go together with ema/,
  ],
  [
    `${data}\ntechniques: { ema: {} }\naggregate: [mean, { name: mean, techniques: { ema: {} } }]`,
    '{ name: mean, techniques: { ema: {} } }',
    /^mean is repeated/,
  ],
  [
    `${data}\naggregate: [mean, { name: mean, techniques: { ema: {} } }, { name: mean, techniques: { ema: { decay: 0.99 } } }]`,
    '{ name: mean, techniques: { ema: { decay: 0.99 } } }',
    /^mean ema is repeated/,
  ],
  [
    `${data}\naggregate: [{ name: grain-streaming, guard: true }]`,
    'true',
    /^grain-streaming does not keep the gradients of all groups/,
  ],
  [
    `${data}\naggregate: [{ name: grain-streaming, metric: preconditioned }]`,
    'preconditioned',
    /^metric does nothing with grain-streaming, which does not use the inner products/,
  ],
  [
    `${data}\naggregate: [{ name: graddrop, smoothing: 0.9 }]`,
    '0.9',
    /^smoothing does nothing with graddrop/,
  ],
  [
    `${data}\naggregate: [{ name: mean, zeroGroups: stop }]`,
    'zeroGroups',
    /^zeroGroups does nothing with mean/,
  ],
  [`${data}\nseeds: auto\naggregate: [mean]`, 'auto', /only one method/],
  [`${data}\nseeds: { until: {} }`, '{}', /does not say what is to be settled/],
  [`${data}\nseeds: [1, 2, 1]`, '1', /repeated/],
  [`${data}\nseeds: [1, { init: 1, order: 1 }]`, '{ init: 1, order: 1 }', /1\/1 is repeated/],
  [`data: { train: a.csv, validation: b.csv, target: y, features: [x, x] }`, 'x', /x is repeated/],
  [`data: { train: a.csv, validation: b.csv, target: y, features: [x, y] }`, 'y', /is the target/],
  [texts, 'text', /^data.text needs model.from: only pretrained/],
  [
    `${textsWith('features: [c]')}\n${saved}`,
    'features',
    /does nothing with texts: it is for numeric features/,
  ],
  [
    `${textsWith('image: [8, 8, 1]')}\n${saved}`,
    'image',
    /does nothing with texts: it is for numeric features/,
  ],
  [
    `${textsWith('scale: 255')}\n${saved}`,
    'scale',
    /does nothing with texts: it is for numeric features/,
  ],
  [
    `${textsWith('standardize: true')}\n${saved}`,
    'standardize',
    /does nothing with texts: it is for numeric features/,
  ],
  [
    `${data}\nmodel: { from: a, adapter: { lora: {} } }`,
    'adapter',
    /^model.adapter needs data.text/,
  ],
  [`${data}\nmodel: { from: a, reinitialize: 1 }`, 'reinitialize', /needs data.text/],
  [
    `${texts}\nmodel: { from: a, dtype: bfloat16 }\ndevice: wasm`,
    'bfloat16',
    /device wasm computes in float32 only/,
  ],
  [`${imageFiles}\n${saved}\ndevice: wasm`, 'imageFile', /device wasm does not read image files/],
  [`${imageFiles}\ndevice: torch`, 'imageFile', /needs model.from/],
  [`${images}\nmodel: { architecture: cnn }\ndevice: torch`, 'image', /needs model.from/],
  [
    `${imageFiles.replace(' }', ', scale: 255 }')}\n${saved}`,
    'scale',
    /nothing with data.imageFile/,
  ],
  [`${imageFiles.replace(' }', ', text: a }')}\n${saved}`, 'text', /nothing with data.imageFile/],
  [
    `${imageFiles.replace(' }', ', from: a/b }')}\n${saved}`,
    'imageFile',
    /only images inside Parquet/,
  ],
  [
    `${images.replace(' }', ', standardize: true }')}\n${saved}\ndevice: torch`,
    'true',
    /normalized as the checkpoint says/,
  ],
  [`${imageFiles}\n${saved}\ngroups: { by: length }`, 'length', /needs data.text/],
  [`${texts}\nmodel: { from: a, quantize: 4bit }`, 'quantize', /are not trained/],
  [
    `${texts}\nmodel: { from: a, adapter: { lora: {} }, quantize: 8bit }\ndevice: wasm`,
    'quantize',
    /device wasm does not quantize/,
  ],
  [`${texts}\nmodel: { from: a, adapter: {} }`, '{}', /names no adapter/],
  [`${texts}\nmodel: { from: a, adapter: { lora: {}, ia3: {} } }`, 'ia3', /both lora and ia3/],
  ...['dora', 'adalora', 'ia3', 'promptTuning'].map((kind): [string, string, RegExp] => [
    `${texts}\nmodel: { from: a, adapter: { ${kind}: {} } }\ndevice: wasm`,
    kind,
    /device wasm trains no adapters/,
  ]),
  ...(
    [
      ['{ rank: 8 }', '8', /targetRank is 8, not less than adalora.rank, which is 8/],
      ['{ targetRank: 12 }', '12', /targetRank is 12, not less than/],
      ['{ warmup: 0.5 }', '0.5', /none are left in which ranks fall/],
    ] as const
  ).map(([settings, at, message]): [string, string, RegExp] => [
    `${texts}\nmodel: { from: a, adapter: { adalora: ${settings} } }`,
    at,
    message,
  ]),
  ...['guard: true', 'techniques: { ema: {} }', 'techniques: { headFirst: {} }'].map(
    (setting): [string, string, RegExp] => [
      `${texts}\nmodel: { from: a, adapter: { adalora: {} } }\naggregate: [{ name: mean, ${setting} }]`,
      /\w+(?=: (true|\{\} \}))/.exec(setting)![0],
      /does not go with adalora/,
    ],
  ),
  [
    `${texts}\nmodel: { from: a, adapter: { adalora: {} } }\ntechniques: { swa: {} }`,
    'swa',
    /does not go with adalora/,
  ],
  [
    `${imageFiles}\nmodel: { from: a, adapter: { promptTuning: {} } }`,
    'promptTuning',
    /needs data.text/,
  ],
  [
    `${texts}\nmodel: { from: a, adapter: { promptTuning: {} }, reinitialize: 1 }`,
    'reinitialize',
    /trains no blocks/,
  ],
  [`${data}\nmodel: { from: a, dropout: 0.1 }`, 'dropout', /needs data.text/],
  [`${data}\nmodel: { from: a, checkpointing: true }`, 'checkpointing', /needs data.text/],
  [`${data.replace(' }', ', maxLength: 64 }')}`, 'maxLength', /^data.maxLength needs data.text/],
  [`${data}\ngroups: { backward: accumulate }`, 'backward', /^groups.backward needs data.text/],
  [`${data}\ngroups: { by: length }`, 'length', /^groups.by: length needs data.text/],
  [`${data}\nbatches: similar-length`, 'similar-length', /^batches: similar-length needs/],
  [`${data}\n${generation}`, 'generation', /^generation needs texts/],
  [
    `${texts}\ntask: generation\nmodel: { from: owner/name, head: new }`,
    'new',
    /^models for generation keep their own head/,
  ],
  [
    `${texts}\n${generation}\ngroups: { by: label }`,
    'label',
    /^groups by label need classes, which task: generation/,
  ],
  [`${textsWith('prompt: "{a} {b}"')}\n${saved}`, 'prompt', /nothing with task: classification/],
  [`${textsWith('answerAfter: "#"')}\n${saved}`, 'answerAfter', /nothing with task: class/],
  [
    `${textsWith('maxNewTokens: 9')}\n${saved}\ntask: regression`,
    'maxNewTokens',
    /nothing with task: regression/,
  ],
  [`${textsWith('prompt: "What? {{a}}"')}\n${generation}`, 'What? {{a}}', /has no placeholder/],
  [`${textsWith('prompt: "{a}?"')}\n${generation}`, 'b', /^"b" does nothing: data.prompt has/],
  [`${textsWith('prompt: "{a}{b}{label}"')}\n${generation}`, '{a}{b}{label}', /is the target/],
  [
    `data: { train: a.csv, validation: b.csv, target: y, text: y }\n${saved}`,
    'y',
    /^"y" is the target: a model that sees it/,
  ],
  [
    `data: { train: a.csv, validation: b.csv, target: y, text: [x, x] }\n${saved}`,
    'x',
    /x is repeated/,
  ],
  [`data: { train: a.csv, validation: b.csv, target: y, columns: [x, x] }`, 'x', /x is repeated/],
  [`${data}\nmetric: rmse`, 'rmse', /^metric: rmse does not apply to task: classification$/],
  [
    `${data}\ntask: regression\nmetric: mcc`,
    'mcc',
    /^metric: mcc does not apply to task: regression$/,
  ],
  [
    `${texts}\n${generation}\nmetric: accuracy`,
    'accuracy',
    /^metric: accuracy does not apply to task: generation$/,
  ],
  [
    'data: { train: a.jsonl, validation: b.parquet, target: y, columns: [x, y] }',
    'columns',
    /^data.columns does nothing with jsonl and parquet/,
  ],
  [
    'data: { train: a.csv, validation: b.csv, target: y, format: jsonl, extraCells: ignore }',
    'extraCells',
    /^data.extraCells does nothing with jsonl$/,
  ],
] as const) {
  test(`${text.split('\n').slice(1).join('; ') || text} is refused`, () => {
    const [first, ...others] = broken(text);
    assert.deepEqual(others, []);
    assert.equal(first?.[0], at);
    assert.match(first?.[1] ?? '', message);
  });
}

for (const text of [
  `${data}\naggregate: [grain, { name: grain, metric: preconditioned }, { name: grain, smoothing: 0.5 }]`,
  `${data}\naggregate: [cagrad, { name: cagrad, c: 0.4 }, { name: grain-layerwise, metric: preconditioned, smoothing: 0.5 }]`,
  `${data}\naggregate: [{ name: graddrop, metric: euclidean, smoothing: 0, zeroGroups: drop }]`,
  `${data}\naggregate: [grain, { name: grain, zeroGroups: stop }]`,
  `${data}\naggregate: [mean, { name: mean, guard: true }, { name: mean, guard: 0.1 }, { name: graddrop, guard: true }, { name: grain-layerwise, guard: true }, { name: grain, metric: preconditioned, guard: 0.1 }]`,
  `${data}\ngroups: { count: 32 }`,
  `${data}\ngroups: { count: 5 }`,
  `${data}\ngroups: { by: label }\nbatchSize: 4`,
  `${data}\ntask: regression\ngroups: { by: column:site }`,
  `${data}\nmodel: { from: saved, freeze: 2, head: keep }`,
  `${data}\nmodel: { hidden: [] }`,
  `${images}\nmodel: { architecture: cnn, filters: [4] }`,
  `${images}\nmodel: { architecture: mlp, hidden: [4] }`,
  `${data}\noptimizer: { name: sgd, momentum: 0.9 }`,
  `${data}\noptimizer: { warmup: 1 }`,
  `${data}\nseeds: [1, { init: 1, order: 2 }, { init: 2, order: 1 }]`,
  `${data}\nname: 学習 2`,
  `${texts}\nmodel: { from: owner/name@main, adapter: { lora: { targets: [query] } }, dropout: 0 }`,
  `${texts}\nmodel: { from: a, adapter: { lora: {} }, freeze: 2, reinitialize: 1 }`,
  `${texts}\nmodel: { from: a, dtype: bfloat16 }\ndevice: torch`,
  `${texts}\nmodel: { from: a, dtype: float16, adapter: { lora: {} }, quantize: 4bit }`,
  ...['dora', 'adalora', 'ia3', 'promptTuning'].map(
    (kind) => `${texts}\nmodel: { from: a, adapter: { ${kind}: {} } }`,
  ),
  `${imageFiles.replaceAll('csv', 'parquet').replace(' }', ', from: a/b }')}\n${saved}`,
  `${imageFiles}\nmodel: { from: a, adapter: { lora: {} }, dtype: bfloat16, freeze: 1 }`,
  `${images}\nmodel: { from: a, dropout: 0.1 }\ngroups: { backward: accumulate }\ndevice: torch`,
  `${texts}\nmodel: { from: ./here, freeze: 2, reinitialize: 1, head: new, checkpointing: true }`,
  `${textsWith('maxLength: 64')}\n${saved}\ngroups: { by: length, backward: accumulate }\nbatches: similar-length`,
  `${texts}\n${generation}\nmetric: exactMatch`,
  `${textsWith('prompt: "{a} {b} {c}", answerAfter: "####", maxNewTokens: 9')}\n${generation}`,
  `data: { train: a.jsonl, validation: b.csv, target: y, prompt: "{x}?" }\n${generation}`,
  `data: { train: a.csv, validation: b.jsonl, target: y, columns: [x, y], extraCells: ignore }\nsteps: 1`,
  `data: { from: owner/name, train: a.jsonl, validation: b.jsonl, target: y, text: x }\n${saved}`,
  `${data}\nmetric: f1\nevaluateExamples: 100\nkeepCheckpoints: 3`,
]) {
  test(`${text.split('\n').slice(1).join('; ')} is fine`, () => {
    assert.deepEqual(broken(text), []);
  });
}

test('a config with its defaults written out means the same', () => {
  for (const text of [
    data,
    `${data}\ngroups: { by: label }`,
    `${data}\noptimizer: { name: sgd }`,
    `${texts}\nmodel: { from: owner/name, adapter: { lora: {} } }`,
    `${texts}\n${generation}`,
  ]) {
    const { config } = parseConfig(text, 'grain.yaml');
    assert.deepEqual(parseConfig(JSON.stringify(config), 'grain.json').config, config);
  }
});
