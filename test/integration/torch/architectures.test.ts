import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openTokenizer } from '../../../src/hub/tokenizer/tokenizer.ts';
import { TorchTokenizer } from '../../../src/training/torch/torchTokenizer.ts';
import { tiny } from '../../python/checkpoints.ts';
import { relative, stepsOf, TorchRuns, wasmSteps } from './torchRuns.ts';

const TEXTS = ['a cat sleeps', 'a dog runs home', 'the old horse eats', 'a bird looks at the sea'];

let folder: string;
let runs: TorchRuns;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'grain-architectures-'));
  const rows = Array.from({ length: 16 }, (_, i) => {
    return [TEXTS[i % 4], TEXTS[(i * 7) % 4], i % 2 ? 'same' : 'other'].join('\t');
  });
  writeFileSync(path.join(folder, 'pairs.tsv'), ['one\tother\tlabel', ...rows].join('\n'));
  runs = await TorchRuns.open();
});
after(async () => {
  await runs.close();
  rmSync(folder, { recursive: true });
});

const generation = (from: string, model = '') => `
task: generation
model: { from: ./${from}, dropout: 0${model} }
data: { train: pairs.tsv, validation: pairs.tsv, text: one, target: other, maxNewTokens: 5 }
groups: { count: 3 }
batchSize: 6
optimizer: { learningRate: 0.01 }
`;
const classification = (from: string, model = '') => `
model: { from: ./${from}, dropout: 0${model} }
data: { train: pairs.tsv, validation: pairs.tsv, text: [one, other], target: label }
groups: { count: 3 }
batchSize: 6
optimizer: { learningRate: 0.01 }
`;
const lora = ', adapter: { lora: { rank: 2 } }';
/** peft has no default for it. */
const mambaLora = ', adapter: { lora: { rank: 2, targets: [in_proj, x_proj] } }';

const adapter = (kind: string) => `, adapter: { ${kind}: {} }`;

const cases: [architecture: string, configs: ((from: string) => string)[]][] = [
  [
    'roberta',
    [
      classification,
      ...[lora, adapter('dora'), adapter('adalora'), adapter('ia3')].map(
        (kind) => (from: string) => classification(from, kind),
      ),
    ],
  ],
  ['llama', [generation, (from) => generation(from, adapter('promptTuning'))]],
  ['t5', [generation, (from) => generation(from, lora)]],
  ['falcon_mamba', [generation, (from) => generation(from, mambaLora)]],
  ['mistral', [classification]],
  ['qwen2', [(from) => generation(from, lora)]],
  ['ministral', [generation]],
  ['gpt_neox', [generation]],
];

describe('PyTorch trains', () => {
  for (const [architecture, configs] of cases) {
    test(architecture, async () => {
      await tiny('architecture', path.join(folder, architecture), TEXTS);
      for (const configOf of configs) {
        const config = configOf(architecture);
        const trainer = await runs.trainer(folder, config, 'grain');
        // Of all these, only Mamba's mixer, and three kinds of adapters, have parameters that no rule knows.
        const isRuled =
          !/dora|adalora|promptTuning/.test(config) &&
          (architecture !== 'falcon_mamba' || config.includes('lora'));
        assert.equal(trainer.warnings.length, isRuled ? 0 : 1, trainer.warnings.join());
        const { metrics: before } = await trainer.validate(async () => {});
        const steps = await stepsOf(trainer, 1, 8);
        const { metrics } = await trainer.validate(async () => {});
        for (const [name, value] of Object.entries(metrics))
          assert.ok(Number.isFinite(value), name);
        assert.ok(
          metrics.loss! < before.loss!,
          `the loss falls: ${before.loss} to ${metrics.loss}${config}`,
        );

        // A pass for each group needs no rules for layers.
        const separate = config.replace('count: 3', 'count: 3, backward: accumulate');
        const [first] = await stepsOf(await runs.trainer(folder, separate, 'grain'), 1, 1);
        assert.ok(relative(steps[0]!.losses, first!.losses) < 1e-5);
        assert.ok(relative(steps[0]!.gram!, first!.gram!) < 1e-4);
      }
    });
  }
});

test('a run after one whose child was killed gets a child of its own', async () => {
  await tiny('encoder', path.join(folder, 'encoder'), TEXTS);
  const config = classification('encoder');
  const killed = await runs.trainer(folder, config, 'grain');
  const [expected] = await stepsOf(killed, 1, 1);
  const children = () =>
    String(execFileSync('pgrep', ['-P', String(process.pid), '-f', 'grain_backend'])).trim();
  process.kill(Number(children()), 'SIGKILL');
  await assert.rejects(killed.step(2), { name: 'DeviceLostError' });
  await assert.rejects(killed.step(2), { name: 'DeviceLostError' });
  const [one, same] = await Promise.all([runs.device.process(), runs.device.process()]);
  assert.equal(one, same);
  assert.match(children(), /^\d+$/, 'one child, not two');
  assert.deepEqual(await stepsOf(await runs.trainer(folder, config, 'grain'), 1, 1), [expected]);
});

describe('tokenizers of transformers', () => {
  test('give the ids that ours give, where both read a checkpoint', async () => {
    for (const kind of ['encoder', 'decoder'] as const) {
      const checkpoint = path.join(folder, kind);
      await tiny(kind, checkpoint, TEXTS);
      const own = await openTokenizer(checkpoint);
      const theirs = await TorchTokenizer.open(runs.device, checkpoint);
      assert.deepEqual(
        [theirs.padId, theirs.eosId, theirs.bosId],
        [own.padId, own.eosId, own.bosId],
      );
      for (const text of [...TEXTS, '', 'Größe: 12,5 cm!\n', TEXTS.join(' ')]) {
        assert.deepEqual(await theirs.encodePlain(text), own.encodePlain(text));
        assert.equal(await theirs.decode(own.encodePlain(text)), own.decode(own.encodePlain(text)));
        for (const pair of [null, TEXTS[1]!]) {
          assert.deepEqual(await theirs.encode(text, pair, 12), own.encode(text, pair, 12));
        }
      }
    }
  });

  test('open what ours do not', async () => {
    const checkpoint = path.join(folder, 'vocabulary');
    await tiny('encoder', path.join(folder, 'encoder'), TEXTS);
    cpSync(path.join(folder, 'encoder'), checkpoint, { recursive: true });
    const { model } = JSON.parse(readFileSync(path.join(checkpoint, 'tokenizer.json'), 'utf8'));
    const words = Object.entries<number>(model.vocab).sort(([, a], [, b]) => a - b);
    writeFileSync(path.join(checkpoint, 'vocab.txt'), words.map(([word]) => `${word}\n`).join(''));
    rmSync(path.join(checkpoint, 'tokenizer.json'));
    writeFileSync(
      path.join(checkpoint, 'tokenizer_config.json'),
      JSON.stringify({ tokenizer_class: 'BertTokenizer' }),
    );
    const config = classification('vocabulary');
    await assert.rejects(wasmSteps(folder, config, 'grain', 1), /has no tokenizer\.json/);
    const trainer = await runs.trainer(folder, config, 'grain');
    const [step] = await stepsOf(trainer, 1, 1);
    const whole = await wasmSteps(folder, classification('encoder'), 'grain', 1);
    assert.ok(relative(step!.losses, whole.steps[0]!.losses) < 1e-5);
    const saved = await trainer.save(
      path.join(folder, 'saved'),
      { step: 1, bestMetric: null },
      { best: false },
    );
    assert.ok(readdirSync(path.join(folder, 'saved', saved)).includes('vocab.txt'));
  });
});
