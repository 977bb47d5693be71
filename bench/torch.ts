/**
 * Training with grain_torch compared with plain training in PyTorch, with TorchJD, and with our WASM backend. Sides take turns, each in
 * its own process. `node bench/torch.ts [--only CASE] [--sides COUNT]`, the first of them or all, needs the tests' Python (`npm run test:setup`).
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../src/experiment/markdown.ts';
import { interpreter } from '../test/python/python.ts';
import { Peer } from './peers/process.ts';
import { circumstances, writeFigures } from './readme.ts';
import { type Checkpoints, checkpoints } from './transformers/checkpoints.ts';
import type { Answer } from './transformers/protocol.ts';
import { setupOf, type Training } from './transformers/setup.ts';
import {
  memoryRatio,
  processor,
  ratio,
  reporter,
  startTraining,
  type Turns,
  takeTurns,
  wall,
} from './transformers/turns.ts';

const GROUPS = 8;

interface Case extends Training {
  readonly name: string;
  readonly title: string;
  readonly generates: boolean;
  readonly turns: Turns;
}

const minilm = {
  checkpoint: 'minilm',
  generates: false,
  tokens: { batch: 32, length: 64, vocabulary: 30522 },
} as const;

const cases: readonly Case[] = [
  {
    name: 'minilm-lora',
    title: 'MiniLM, LoRA, 32 × 64 tokens',
    ...minilm,
    lora: true,
    turns: { rounds: 5, steps: 1, warmUp: 1 },
  },
  {
    name: 'minilm-full',
    title: 'MiniLM, full, 32 × 64 tokens',
    ...minilm,
    lora: false,
    turns: { rounds: 7, steps: 1, warmUp: 1 },
  },
  {
    name: 'smollm2-lora',
    title: 'SmolLM2-135M, LoRA, 8 × 64 tokens',
    checkpoint: 'smollm2',
    generates: true,
    lora: true,
    tokens: { batch: 8, length: 64, vocabulary: 49152 },
    turns: { rounds: 5, steps: 1, warmUp: 1 },
  },
];

/** Sides by the names of `bench/peers/torch_methods.py`; the first is what the others are compared with. */
const sides: readonly (readonly [title: string, method: string])[] = [
  ['the mean, plain PyTorch', 'plain'],
  ['`grain`, all groups’ gradients at once', 'grain:grain:grouped'],
  ['`grain-layerwise`, at once', 'grain:grain-layerwise:grouped'],
  ['`grain`, a pass per group', 'grain:grain:accumulate'],
  ['`grain-streaming`, a pass per group', 'grain:grain-streaming:accumulate'],
  ['TorchJD MGDA, autojac', 'autojac:mgda'],
  ['TorchJD UPGrad, autojac', 'autojac:upgrad'],
  ['TorchJD UPGrad, autogram', 'autogram:upgrad'],
];

const wasm = '`grain`, our WASM backend';
const peer = fileURLToPath(new URL('peers/torch_methods.py', import.meta.url));

async function measure(one: Case, found: Checkpoints): Promise<string> {
  console.log(one.title);
  const peers: Peer<Answer>[] = [];
  try {
    for (const [, method] of measured) {
      const python = [interpreter(), '-W', 'ignore', peer, `${availableParallelism()}`] as const;
      const side = new Peer<Answer>(python);
      peers.push(side);
      const { lora, generates, tokens } = one;
      await side.ask({ base: found[one.checkpoint], lora, generates, ...tokens, method });
    }
    if (measured === sides)
      peers.push(await startTraining(setupOf(one, found, { groups: GROUPS, aggregator: 'grain' })));
    const titles = [...sides.map(([title]) => title), wasm];
    const taken = await takeTurns(peers, one.turns, reporter(titles));
    const base = taken[0]!;
    const rows = taken.map((side, i) => [
      titles[i]!,
      ratio(side, base, wall),
      ratio(side, base, processor),
      memoryRatio(side, base),
    ]);
    const head = [one.title, 'time', 'processor time', 'peak memory of the process'];
    return table([head, ...rows], 1);
  } finally {
    for (const side of peers) side.close();
  }
}

const { only, sides: count } = parseArgs({
  options: { only: { type: 'string' }, sides: { type: 'string' } },
}).values;
const measured = count === undefined ? sides : sides.slice(0, Number(count));
const chosen = cases.filter(({ name }) => only === undefined || name === only);
if (chosen.length === 0)
  throw new Error(`--only ${only}: expected one of ${cases.map(({ name }) => name).join(', ')}`);

const found = await checkpoints();
for (const one of chosen) {
  const figures = await measure(one, found);
  writeFigures(`torch-${one.name}`, `${circumstances()}\n\n${figures}`);
  console.log(figures);
}
