/**
 * The cost of a guard beyond measuring the update: two trainers in one process, one of them guarded, take the same steps in turns:
 * `node bench/guard.ts [--steps 200]`.
 */
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { stringify } from 'yaml';
import { resolvedAggregation } from '../src/config/aggregation.ts';
import { parseConfig } from '../src/config/parse.ts';
import type { AggregatorName } from '../src/engine/types.ts';
import { table } from '../src/experiment/markdown.ts';
import { closeSession, openSession } from '../src/training/session.ts';
import { Trainer } from '../src/training/trainer.ts';
import { minilm } from '../test/python/checkpoints.ts';
import { realData } from '../test/realData.ts';
import { settings } from './guarantee/settings.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '200' } } });
/** Share of the steps that is not counted, while code is still being compiled. */
const WARM_UP = 0.2;

interface Case {
  readonly title: string;
  /** Of the steps that `--steps` asks for. */
  readonly share: number;
  readonly aggregators: readonly AggregatorName[];
  config(): Promise<Record<string, unknown> | null>;
}

const named = (name: string) => settings.find((setting) => setting.name === name)!.config();

const cases: readonly Case[] = [
  {
    title: 'digits, the example’s network',
    share: 1,
    aggregators: ['mean', 'grain'],
    config: () => named('digits-microbatch'),
  },
  {
    title: 'digits, mlp 784-512-10',
    share: 1,
    aggregators: ['mean', 'grain'],
    config: async () => ({
      ...(await named('digits-microbatch')),
      model: { architecture: 'mlp', hidden: [512] },
    }),
  },
  {
    title: 'STS-B on frozen features, mlp 768-64-1',
    share: 1,
    aggregators: ['mean', 'grain'],
    config: () => named('stsb-features'),
  },
  {
    title: 'RTE, MiniLM with LoRA',
    share: 0.1,
    // An unguarded mean frees the gradients during the backward pass, and its update is not measured.
    aggregators: ['grain'],
    config: async () => ({
      model: { from: await minilm(), head: 'new', adapter: { lora: { rank: 8 } } },
      data: { ...realData.rte, text: ['sentence1', 'sentence2'], target: 'label' },
      groups: { count: 8 },
      optimizer: { name: 'adamw', learningRate: 1e-3 },
      batchSize: 16,
    }),
  },
];

interface Cost {
  /** Process time of a guarded step over that of an unguarded one: of all steps together, and the median of the pairs. */
  readonly total: number;
  readonly typical: number;
  /** Of an unguarded step, ms. */
  readonly step: number;
  /** Share of the guarded steps that were corrected. */
  readonly corrected: number;
}

async function costOf(
  config: Record<string, unknown>,
  name: AggregatorName,
  steps: number,
): Promise<Cost> {
  const ignored = Math.ceil(WARM_UP * steps);
  const text = stringify({ ...config, steps: ignored + steps });
  const session = await openSession(parseConfig(text, 'grain.yaml'), () => {});
  const trainerOf = (guard: boolean) =>
    Trainer.create(
      session,
      resolvedAggregation({ name, metric: 'euclidean', smoothing: 0, guard }, 'drop'),
      { init: 0, order: 0 },
    );
  const trainers = { plain: await trainerOf(false), guarded: await trainerOf(true) };
  const times = { plain: [] as number[], guarded: [] as number[] };
  let corrected = 0;
  for (let step = 1; step <= ignored + steps; step++) {
    const turns = ['plain', 'guarded'] as const;
    for (const side of step % 2 === 0 ? turns : turns.toReversed()) {
      const before = process.cpuUsage();
      const { facts } = await trainers[side].step(step);
      const { user, system } = process.cpuUsage(before);
      if (step <= ignored) continue;
      times[side].push((user + system) / 1000);
      if (facts.guard) corrected++;
    }
  }
  for (const trainer of Object.values(trainers)) trainer.dispose();
  await closeSession(session);
  const sum = (list: readonly number[]) => list.reduce((total, time) => total + time, 0);
  return {
    total: sum(times.guarded) / sum(times.plain),
    typical: median(times.guarded.map((time, i) => time / times.plain[i]!)),
    step: sum(times.plain) / steps,
    corrected: corrected / steps,
  };
}

const percent = (ratio: number) => `${ratio < 0 ? '−' : ''}${Math.abs(100 * ratio).toFixed(1)} %`;
const rows = [
  [
    ...['training', 'aggregator', 'processor time of a step', 'steps corrected'],
    ...['guard, all steps together', 'guard, median of the pairs'],
  ],
];
for (const { title, share, aggregators, config } of cases) {
  const resolved = await config();
  if (resolved === null) {
    console.error(`${title}: its data are missing on this machine`);
    continue;
  }
  for (const name of aggregators) {
    const { total, typical, step, corrected } = await costOf(
      resolved,
      name,
      Math.round(share * Number(values.steps)),
    );
    rows.push([
      ...[title, name, `${step.toFixed(1)} ms`, percent(corrected)],
      ...[percent(total - 1), percent(typical - 1)],
    ]);
    console.log(rows.at(-1)!.join(' | '));
  }
}
const figures = table(rows, 2);
console.log(figures);
writeFigures('guard', `${circumstances()} ${values.steps} steps.\n\n${figures}`);
