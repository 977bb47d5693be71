/**
 * A step with `device: torch` on the processor beside one on `wasm`: the same config, in turns. It decides which of the two `auto`
 * takes. `node bench/torchDevice.ts [ROUNDS [CASE]]`; GRAIN_PYTHON names a Python with PyTorch, and RTE is read from GRAIN_DATA.
 */
import { readFileSync } from 'node:fs';
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
const WARM_UP = 1;
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
  if (!name.includes(process.argv[3] ?? '')) continue;
  const sides = { wasm: await open(config, 'wasm'), torch: await open(config, 'torch') };
  const costs = { wasm: [] as Cost[], torch: [] as Cost[] };
  const turns = ['wasm', 'torch'] as const;
  for (let step = 1; step <= ROUNDS + WARM_UP; step++) {
    for (const side of step % 2 === 0 ? turns : turns.toReversed()) {
      const cost = await costOf(() => sides[side].trainer.step(step));
      if (step > WARM_UP) costs[side].push(cost);
    }
  }
  const columns = (['seconds', 'cpu'] as const).flatMap((unit) => {
    const [wasm, torch] = [costs.wasm, costs.torch].map((side) => side.map((cost) => cost[unit]));
    const ratios = torch!.map((value, i) => value / wasm![i]!);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    return [
      median(wasm!).toFixed(2),
      median(torch!).toFixed(2),
      `${median(ratios).toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
    ];
  });
  const starts = [sides.wasm.started, sides.torch.started].map((seconds) => seconds.toFixed(1));
  rows.push(`| ${[name, ...columns, ...starts].join(' | ')} |`);
  for (const { trainer, session } of Object.values(sides)) {
    trainer.dispose();
    await closeSession(session);
  }
}
const markdown = [
  `${circumstances()} Median of ${ROUNDS} steps in turns, least and most in brackets. CPU: seconds of all cores, of both processes; other load of the machine moves it less than the time. Starting is from the config to the first step: PyTorch and transformers are imported.`,
  '',
  '| fine-tuning on RTE, 8 groups, 32 pairs of at most 128 tokens | wasm, s a step | torch, s a step | torch over wasm | wasm, s of CPU | torch, s of CPU | torch over wasm | starting wasm, s | starting torch, s |',
  '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
  ...rows,
].join('\n');
console.log(markdown);
writeFigures('torchDevice', markdown);

interface Cost {
  readonly seconds: number;
  /** Of this process and its children. */
  readonly cpu: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [before, cpu] = [performance.now(), cpuSeconds()];
  await work();
  return { seconds: (performance.now() - before) / 1e3, cpu: cpuSeconds() - cpu };
}

/** Linux counts in hundredths of a second. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  const ofChildren = children
    .split(' ')
    .filter(Boolean)
    .map((pid) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    });
  return (user + system) / 1e6 + ofChildren.reduce((sum, seconds) => sum + seconds, 0);
}

async function open(config: object, device: string) {
  const before = performance.now();
  const parsed = parseConfig(stringify({ ...config, device }), path.resolve('bench.yaml'));
  const session = await openSession(parsed, () => {});
  const aggregation = resolvedAggregation('grain', 'drop');
  const trainer = await Trainer.create(session, aggregation, { init: 0, order: 0 });
  return { session, trainer, started: (performance.now() - before) / 1e3 };
}
