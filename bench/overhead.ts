/**
 * The cost of GRAIN over plain training: step time and peak memory of `grain run` on the digits example, in separate processes
 * that take turns: `node bench/overhead.ts`. Linux only (peak memory is read from /proc).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from 'simple-statistics';
import { parse, stringify } from 'yaml';
import { readEvents } from '../src/runs/tail.ts';
import { circumstances, writeFigures } from './readme.ts';

const example = fileURLToPath(new URL('../examples/digits/', import.meta.url));
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const ROUNDS = 5;
const STEPS = 150;
/** Steps of a process that are not counted, while code is still being compiled. */
const WARM_UP = 30;

interface Variant {
  readonly title: string;
  readonly aggregator: string;
  readonly groups: number;
}

const variants: readonly Variant[] = [
  { title: 'mean, one group (plain training)', aggregator: 'mean', groups: 1 },
  { title: 'mean, 8 groups (gradient accumulation)', aggregator: 'mean', groups: 8 },
  { title: 'grain, 8 groups', aggregator: 'grain', groups: 8 },
];

interface Cost {
  /** Median milliseconds of a step, and of its parts. */
  readonly step: number;
  readonly gradients: number;
  readonly aggregate: number;
  readonly update: number;
  /** Peak resident memory, MiB. */
  readonly memory: number;
}

async function train({ aggregator, groups }: Variant): Promise<Cost> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'grain-overhead-'));
  try {
    const config = parse(readFileSync(path.join(example, 'grain.yaml'), 'utf8'));
    config.model.from = path.join(example, 'checkpoint');
    config.data.train = path.join(example, config.data.train);
    config.data.validation = path.join(example, config.data.validation);
    Object.assign(config, { aggregate: [aggregator], seeds: [0], steps: STEPS });
    Object.assign(config, { evaluateEvery: STEPS, checkpointEvery: STEPS });
    config.groups = { by: 'microbatch', count: groups };
    const file = path.join(scratch, 'grain.yaml');
    writeFileSync(file, stringify(config));
    const { output, memory } = await run([cli, 'run', file, '--json']);
    const { runs } = JSON.parse(output) as { runs: { folder: string }[] };
    const events = await readEvents(runs[0]!.folder);
    const times = events.flatMap((event) => (event.kind === 'step' ? [event.ms] : []));
    const counted = times.slice(WARM_UP);
    return {
      step: median(counted.map((ms) => ms.gradients + ms.aggregate + ms.update)),
      gradients: median(counted.map((ms) => ms.gradients)),
      aggregate: median(counted.map((ms) => ms.aggregate)),
      update: median(counted.map((ms) => ms.update)),
      memory,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function run(args: readonly string[]): Promise<{ output: string; memory: number }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, peakMemory(child.pid!));
  }, 20);
  const [status] = await once(child, 'close');
  clearInterval(watch);
  if (status !== 0) throw new Error(`grain run ended with ${status}: ${errors}`);
  return { output, memory };
}

/** Peak resident memory so far, MiB; 0 if the process has exited. */
function peakMemory(pid: number): number {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0;
  }
}

const costs = variants.map((): Cost[] => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, variant] of variants.entries()) costs[i]!.push(await train(variant));
}

const medianOf = (all: readonly Cost[], part: keyof Cost) => median(all.map((cost) => cost[part]));
/** Median over the rounds of the ratio to the baseline in the same round, and its range. */
function ratio(i: number, base: number, part: keyof Cost): string {
  const ratios = costs[i]!.map((cost, round) => cost[part] / costs[base]![round]![part]);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return `${median(ratios).toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

const rows = [
  '| run | step time over plain training | over the mean of 8 groups | peak memory over plain training | share of the step in aggregation |',
  '| --- | --: | --: | --: | --: |',
  ...variants.map(({ title }, i) => {
    const share = medianOf(costs[i]!, 'aggregate') / medianOf(costs[i]!, 'step');
    return `| ${title} | ${ratio(i, 0, 'step')} | ${ratio(i, 1, 'step')} | ${ratio(i, 0, 'memory')} | ${(100 * share).toFixed(0)} % |`;
  }),
];
const table = rows.join('\n');
writeFigures(
  'overhead',
  `${circumstances()} Device: ${'`auto`'}. Plain training took ${medianOf(costs[0]!, 'step').toFixed(1)} ms a step and ${medianOf(costs[0]!, 'memory').toFixed(0)} MiB. Median of ${ROUNDS} rounds, least and most in brackets.\n\n${table}`,
);
console.log(table);
