/**
 * A step with `device: torch` on the processor beside one on `wasm`: the same config, in turns. It decides which of the two `auto`
 * takes. `node bench/torchDevice.ts`; GRAIN_PYTHON names a Python with PyTorch, and RTE is read from GRAIN_DATA.
 */
import path from 'node:path';
import { median } from 'simple-statistics';
import { stringify } from 'yaml';
import { resolvedAggregation } from '../src/config/aggregation.ts';
import { parseConfig } from '../src/config/parse.ts';
import { closeSession, openSession } from '../src/training/session.ts';
import { Trainer } from '../src/training/trainer.ts';
import { minilm } from '../test/python/checkpoints.ts';
import { interpreter } from '../test/python/python.ts';
import { realData } from '../test/realData.ts';
import { circumstances, writeFigures } from './readme.ts';

const ROUNDS = Number(process.argv[2] ?? 12);
const WARM_UP = 2;
process.env.GRAIN_PYTHON ??= interpreter();

const base = {
  model: { from: await minilm(), head: 'new' },
  data: {
    ...realData.rte,
    text: ['sentence1', 'sentence2'],
    target: 'label',
  },
  groups: { by: 'microbatch', count: 8 },
  batchSize: 32,
  steps: ROUNDS + WARM_UP,
};
const cases = {
  'MiniLM with LoRA': { ...base, model: { ...base.model, adapter: { lora: { rank: 8 } } } },
  'MiniLM in full': base,
};

const rows: string[] = [];
for (const [name, config] of Object.entries(cases)) {
  const sides = { wasm: await open(config, 'wasm'), torch: await open(config, 'torch') };
  const seconds = { wasm: [] as number[], torch: [] as number[] };
  const turns = ['wasm', 'torch'] as const;
  for (let step = 1; step <= ROUNDS + WARM_UP; step++) {
    for (const side of step % 2 === 0 ? turns : turns.toReversed()) {
      const before = performance.now();
      await sides[side].trainer.step(step);
      if (step > WARM_UP) seconds[side].push((performance.now() - before) / 1e3);
    }
  }
  const ratios = seconds.torch.map((time, i) => time / seconds.wasm[i]!);
  const row = [
    name,
    median(seconds.wasm).toFixed(2),
    median(seconds.torch).toFixed(2),
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    sides.wasm.started.toFixed(1),
    sides.torch.started.toFixed(1),
  ];
  rows.push(`| ${row.join(' | ')} |`);
  for (const { trainer, session } of Object.values(sides)) {
    trainer.dispose();
    await closeSession(session);
  }
}
const markdown = [
  `${circumstances()} Median of ${ROUNDS} steps in turns, least and most in brackets. Starting is from the config to the first step: PyTorch and transformers are imported.`,
  '',
  '| fine-tuning on RTE, 8 groups, 32 pairs of at most 128 tokens | wasm, s a step | torch, s a step | torch over wasm | starting wasm, s | starting torch, s |',
  '| --- | --: | --: | --: | --: | --: |',
  ...rows,
].join('\n');
console.log(markdown);
writeFigures('torchDevice', markdown);

async function open(config: object, device: string) {
  const before = performance.now();
  const parsed = parseConfig(stringify({ ...config, device }), path.resolve('bench.yaml'));
  const session = await openSession(parsed, () => {});
  const aggregation = resolvedAggregation('grain', 'drop');
  const trainer = await Trainer.create(session, aggregation, { init: 0, order: 0 });
  return { session, trainer, started: (performance.now() - before) / 1e3 };
}
