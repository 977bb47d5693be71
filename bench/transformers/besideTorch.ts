import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { max, median } from 'simple-statistics';
import { table } from '../../src/experiment/markdown.ts';
import { interpreter } from '../../test/python/python.ts';
import { Peer } from '../peers/process.ts';
import { type Checkpoints, trainingPeer } from './checkpoints.ts';
import type { Answer, Products, Setup } from './protocol.ts';
import { setupOf, type Training } from './setup.ts';
import {
  memoryOf,
  processor,
  ratio,
  reporter,
  type Side,
  spread,
  startTraining,
  type Turns,
  takeTurns,
  wall,
} from './turns.ts';

interface Case extends Training {
  readonly title: string;
  readonly turns: Turns;
}

const minilm = {
  checkpoint: 'minilm',
  tokens: { batch: 32, length: 64, vocabulary: 30522 },
} as const;

const cases: readonly Case[] = [
  {
    title: 'BERT 4 × 256, full, 8 × 64 tokens',
    checkpoint: 'small',
    lora: false,
    tokens: { batch: 8, length: 64, vocabulary: 1024 },
    turns: { rounds: 5, steps: 10 },
  },
  {
    title: 'MiniLM, LoRA, 32 × 64 tokens',
    ...minilm,
    lora: true,
    turns: { rounds: 5, steps: 2 },
  },
  {
    title: 'MiniLM, full, 32 × 64 tokens',
    ...minilm,
    lora: false,
    turns: { rounds: 5, steps: 2 },
  },
  {
    title: 'SmolLM2-135M, LoRA, 8 × 128 tokens',
    checkpoint: 'smollm2',
    generates: true,
    lora: true,
    tokens: { batch: 8, length: 128, vocabulary: 49152 },
    turns: { rounds: 3, steps: 1 },
  },
];

/** Steps whose time is divided among operations. */
const PROFILED = 2;
const SHOWN = 12;

interface Outcome {
  readonly row: readonly string[];
  readonly profile: NonNullable<Answer['profile']>;
}

/** A training step on the mean of a batch compared with the same step in PyTorch: a table, and where the time goes. */
export async function besideTorch(checkpoints: Checkpoints): Promise<string> {
  const outcomes: Outcome[] = [];
  for (const one of cases) outcomes.push(await compare(one, checkpoints));
  const head = [
    ...['step', 'wall time over PyTorch’s', 'processor time', 'ours / PyTorch’s, ms'],
    ...[
      'peak memory, MiB',
      'of the rate of our plain products',
      'of processor time',
      'losses differ by',
    ],
  ];
  return [
    `${availableParallelism()} threads on both sides.`,
    table([head, ...outcomes.map(({ row }) => row)], 1),
    'Where the time of our step goes:',
    profileTable(outcomes),
  ].join('\n\n');
}

async function compare(one: Case, checkpoints: Checkpoints): Promise<Outcome> {
  console.log(one.title);
  const setup = setupOf(one, checkpoints, { groups: 1, aggregator: 'mean' });
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-bench-'));
  const peers: Peer<Answer>[] = [];
  try {
    const start = { base: checkpoints[one.checkpoint], weights: await initial(setup, folder) };
    const python = [interpreter(), '-W', 'ignore', trainingPeer, 'train'] as const;
    const torch = new Peer<Answer>([...python, String(availableParallelism())]);
    peers.push(torch);
    const { tokens, lora, generates = false } = one;
    await torch.ask({ start, lora, generates, ...tokens });
    const own = await startTraining(setup);
    peers.push(own);
    const products: Products[] = [];
    const report = reporter(['PyTorch', 'ours']);
    const sides = await takeTurns(peers, one.turns, report, async () => {
      const answer = await own.ask({ products: true });
      products.push(answer.products!);
    });
    const { profile } = await own.ask({ profile: PROFILED });
    return { row: rowOf(one, sides, products), profile: profile! };
  } finally {
    for (const peer of peers) peer.close();
    rmSync(folder, { recursive: true });
  }
}

/** Saves the trainer's weights before the first step. @returns their folder */
async function initial(setup: Setup, folder: string): Promise<string> {
  const peer = await startTraining(setup);
  const { saved } = await peer.ask({ save: folder });
  peer.close();
  return path.join(folder, saved!);
}

function rowOf({ title }: Case, [torch, own]: readonly Side[], products: readonly Products[]) {
  const perStep = ({ turns }: Side) =>
    1e3 * median(turns.map((turn) => wall(turn) / turn.seconds.length));
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const shareOf = (of: (turn: Answer) => number, rate: (plain: Products) => number) =>
    spread(
      own!.turns.map((turn, round) => {
        const plain = products[round]!;
        return (plain.flops * turn.seconds.length) / of(turn) / rate(plain);
      }),
      percent,
    );
  const off = own!.warmUp.losses.map((loss, i) => Math.abs(loss / torch!.warmUp.losses[i]! - 1));
  return [
    title,
    ratio(own!, torch!, wall),
    ratio(own!, torch!, processor),
    `${perStep(own!).toFixed(0)} / ${perStep(torch!).toFixed(0)}`,
    `${memoryOf(own!).toFixed(0)} / ${memoryOf(torch!).toFixed(0)}`,
    shareOf(wall, ({ rate }) => rate),
    shareOf(processor, ({ cpuRate }) => cpuRate),
    max(off).toExponential(0),
  ];
}

function profileTable(outcomes: readonly Outcome[]): string {
  const columns = outcomes.map(({ row, profile }) => {
    const sum = (part: Outcome['profile']) => part.reduce((total, [, share]) => total + share, 0);
    const others = ['(others)', sum(profile.slice(SHOWN))] as const;
    const between = ['(between operations)', 1 - sum(profile)] as const;
    return { title: row[0]!, lines: [...profile.slice(0, SHOWN), others, between] };
  });
  const rows = Array.from({ length: SHOWN + 2 }, (_, i) =>
    columns.flatMap(({ lines }) => {
      const line = lines[i];
      return line ? [line[0], `${(100 * line[1]).toFixed(1)} %`] : ['', ''];
    }),
  );
  return table([columns.flatMap(({ title }) => [title, 'share']), ...rows], 1);
}
