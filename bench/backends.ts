/**
 * Tensor engines for fine-tuning a transformer on the processor: rate of plain matrix products, time of a whole step,
 * memory, and where the time goes, compared with PyTorch. Engines take turns in every round, each in its own process; they
 * start from the same values and their losses are compared. `node bench/backends.ts`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { max, median, min } from 'simple-statistics';
import { table } from '../src/experiment/markdown.ts';
import { random } from '../test/unit/engine/random.ts';
import {
  cases,
  type EncoderCase,
  flopsOf,
  parametersOf,
  products,
  sizeOf,
} from './backends/cases.ts';
import type { Answer, Request } from './backends/engine.ts';
import { type Command, Peer } from './peers/process.ts';
import { cache, pythonWith } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';

const ROUNDS = 3;
/** Runs before the first round; their losses are compared. */
const WARM_UP = 2;
/** Approximate seconds of an engine's turn; longer if a single run takes longer. */
const TURN = 1;
const PROFILED = 'MiniLM, full';
const initialFile = `${cache}bench-encoder.f32`;
const python = pythonWith('bench-venv', ['torch==2.13.0']);

interface Candidate {
  readonly title: string;
  readonly threads: number;
  readonly command: Command;
}

const node = (file: string, ...args: (string | number)[]): Command => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL(`backends/${file}.ts`, import.meta.url)),
  ...args.map(String),
];
const torch = (threads: number): Candidate => ({
  title: 'PyTorch',
  threads,
  command: [
    python,
    '-W',
    'ignore',
    fileURLToPath(new URL('peers/encoder.py', import.meta.url)),
    String(threads),
  ],
});

const candidates: readonly Candidate[] = [
  torch(1),
  torch(2),
  { title: 'tfjs-wasm', threads: 1, command: node('tfjsWasm') },
  { title: 'tfjs-wasm, pool', threads: 2, command: node('tfjsPool', 2) },
  { title: 'jax-js', threads: 1, command: node('jax', 1) },
  { title: 'jax-js', threads: 2, command: node('jax', 2) },
  { title: 'own kernels, no FMA', threads: 1, command: node('own', 1, 'plain') },
  { title: 'own kernels', threads: 1, command: node('own', 1) },
  { title: 'own kernels', threads: 2, command: node('own', 2) },
];

/** Measurements of one engine at one task. */
interface Record {
  readonly candidate: Candidate;
  readonly peer: Peer<Answer>;
  /** Fastest run of each turn, and processor time of a run in it, seconds. */
  readonly turns: { wall: number; cpu: number }[];
  runs: number;
  losses: readonly number[];
  first: number;
  memory: number;
}

/** Every engine in turn, round by round, at the task of this request; engines that cannot do it are omitted. */
async function compete(request: Request | object): Promise<Record[]> {
  const records: Record[] = [];
  for (const candidate of candidates) {
    const peer = new Peer<Answer>(candidate.command);
    await peer.ask(request);
    const { seconds, results, memory } = await peer.ask({ runs: WARM_UP });
    if (seconds.length === 0) {
      peer.close();
      continue;
    }
    const runs = Math.min(50, Math.max(1, Math.round(TURN / min(seconds.slice(1)))));
    const record = {
      candidate,
      peer,
      turns: [],
      runs,
      losses: results,
      first: seconds[0]!,
      memory,
    };
    records.push(record);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const record of records) {
      const { seconds, cpu, memory } = await record.peer.ask({ runs: record.runs });
      record.turns.push({ wall: min([...seconds]), cpu });
      record.memory = memory;
    }
  }
  return records;
}

const walls = ({ turns }: Record) => turns.map(({ wall }) => wall);
const cpus = ({ turns }: Record) => turns.map(({ cpu }) => cpu);

/** Wall time over PyTorch's with as many threads: of the fastest runs, and the range over the rounds. */
function wallRatio(records: readonly Record[], record: Record): string {
  const { threads } = record.candidate;
  const torchs = walls(
    records.find(
      ({ candidate }) => candidate.title === 'PyTorch' && candidate.threads === threads,
    )!,
  );
  const rounds = walls(record).map((wall, round) => wall / torchs[round]!);
  const best = min(walls(record)) / min(torchs);
  return `${best.toPrecision(2)}× (${min(rounds).toPrecision(2)}–${max(rounds).toPrecision(2)})`;
}

/** Processor time over that of PyTorch on one thread: median of the rounds. */
function cpuRatio([torch]: readonly Record[], record: Record): string {
  const rounds = cpus(record).map((cpu, round) => cpu / cpus(torch!)[round]!);
  return `${median(rounds).toPrecision(2)}×`;
}

/** Floating point operations of products per second of processor time: the fastest turn over all products. */
const rates = new Map<Candidate, number>();

async function measureProducts(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [m, k, n] of products) {
    const records = await compete({ product: [m, k, n] });
    const flops = 2 * m * k * n;
    for (const record of records) {
      const { candidate, peer } = record;
      peer.close();
      const rate = flops / min(cpus(record));
      rates.set(candidate, Math.max(rate, rates.get(candidate) ?? 0));
      rows.push([
        ...[`${m}×${k}×${n}`, candidate.title, String(candidate.threads)],
        (flops / min(walls(record)) / 1e9).toFixed(0),
        ...[wallRatio(records, record), cpuRatio(records, record)],
      ]);
      console.log(rows.at(-1)!.join('  '));
    }
  }
  return rows;
}

async function measureSteps(model: EncoderCase): Promise<string[][]> {
  const parameters = parametersOf(model);
  writeInitial(parameters);
  const records = await compete({ model, parameters, initial: initialFile });
  if (model.name === PROFILED) await takeProfiles(records);
  const reference = records[0]!.losses;
  return records.map((record) => {
    const { candidate, losses, first, memory, peer } = record;
    peer.close();
    const peak = rates.get(candidate);
    const share = peak && (100 * flopsOf(model)) / min(cpus(record)) / peak;
    const off = max(losses.map((loss, i) => Math.abs(loss / reference[i]! - 1)));
    const row = [
      ...[model.name, candidate.title, String(candidate.threads)],
      ...[wallRatio(records, record), cpuRatio(records, record)],
      ...[share ? `${share.toFixed(0)} %` : '–', `${(first / median(walls(record))).toFixed(1)}×`],
      ...[memory.toFixed(0), off.toExponential(0)],
    ];
    console.log(row.join('  '));
    return row;
  });
}

const profiles: [title: string, kernels: readonly (readonly [string, number])[]][] = [];

async function takeProfiles(records: readonly Record[]): Promise<void> {
  for (const { candidate, peer } of records) {
    if (candidate.threads !== 1 || !/^(tfjs-wasm|own kernels)$/.test(candidate.title)) continue;
    const kernels = (await peer.ask({ profile: 2 })).kernels!;
    profiles.push([candidate.title, [...kernels.slice(0, 12), kernels.at(-1)!]]);
  }
}

/** Small normal weights, scales near 1; the same for every engine. */
function writeInitial(parameters: ReturnType<typeof parametersOf>): void {
  const { normal } = random(1);
  const arrays = parameters.map(({ name, shape }) => {
    const centre = name.endsWith('gamma') ? 1 : 0;
    return Float32Array.from({ length: sizeOf(shape) }, () => centre + 0.04 * normal());
  });
  mkdirSync(cache, { recursive: true });
  writeFileSync(initialFile, Buffer.concat(arrays.map(({ buffer }) => new Uint8Array(buffer))));
}

function profileTable(): string {
  const length = max(profiles.map(([, list]) => list.length));
  const rows = Array.from({ length }, (_, i) =>
    profiles.flatMap(([, list]) => {
      const [kernel, share] = list[i] ?? ['', 0];
      return [kernel, kernel && `${(100 * share).toFixed(1)} %`];
    }),
  );
  return table([profiles.flatMap(([title]) => [title, 'share']), ...rows], 1);
}

const productRows = await measureProducts();
const stepRows: string[][] = [];
for (const model of cases) stepRows.push(...(await measureSteps(model)));

const figures = [
  circumstances(),
  table([['product', 'engine', 'threads', 'GFLOP/s', 'wall', 'processor'], ...productRows], 2),
  table(
    [
      [
        ...['step', 'engine', 'threads', 'wall', 'processor', 'of its own product rate'],
        ...['first step', 'memory, MiB', 'loss off by'],
      ],
      ...stepRows,
    ],
    2,
  ),
  `Where the time of a step goes (${PROFILED}, one thread):`,
  profileTable(),
].join('\n\n');
writeFigures('backends', figures);
console.log(figures);
