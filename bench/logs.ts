/**
 * Formats of a log side by side, and what a long run costs to list, show and draw: `npm run build && node bench/logs.ts`. Makes
 * logs of real steps, repeated, in `.cache/logs`, where they are kept: 4 GB for a million steps. Linux only (memory is read from
 * /proc).
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { RunIndex } from '../src/runs/index/runIndex.ts';
import type { SeriesName } from '../src/runs/index/series.ts';
import { bytesIn, candidates } from './logs/candidates.ts';
import type { Following } from './logs/follow.ts';
import { killWriters } from './logs/kills.ts';
import type { Measurement, Times } from './logs/measure.ts';
import { type RealRun, trainOnce, writeRun } from './logs/realSteps.ts';
import { cache } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';

const { values } = parseArgs({
  options: {
    /** Steps of the long run, steps that each format writes, and how often its writer is killed. */
    steps: { type: 'string', default: '1000000' },
    write: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    /** Only makes the logs. */
    prepare: { type: 'boolean', default: false },
  },
});
const LONG = Number(values.steps);
const WRITTEN = Number(values.write);
const KILLS = Number(values.kills);
/** Of the experiment with many runs. */
const RUNS = 200;
const STEPS_EACH = 5_000;
/** Of the comparison with TensorBoard. */
const COMPARED = 100_000;
const SCALARS: SeriesName[] = [
  ...(['loss', 'learningRate', 'norm', 'meanNorm', 'minCosine', 'effectiveGroups'] as const),
  ...(['weightMax', 'weightMin', 'gradientsMs', 'updateMs'] as const),
];
const ROUNDS = Number(values.rounds);
const HEADER = [
  '| what | goal | time | processor time | memory of the process |',
  '| --- | --: | --: | --: | --: |',
];

const grain = fileURLToPath(new URL('../dist/grain.js', import.meta.url));
const measure = fileURLToPath(new URL('logs/measure.ts', import.meta.url));
const follow = fileURLToPath(new URL('logs/follow.ts', import.meta.url));
const peer = fileURLToPath(new URL('logs/tensorboard_peer.py', import.meta.url));
const python = `${cache}python/bin/python`;
if (!existsSync(grain)) throw new Error(`${grain} is missing: npm run build`);

function measured(what: string, root: string, id = ''): Measurement {
  const args = ['--disable-warning=ExperimentalWarning', measure, what, root, id];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  return JSON.parse(stdout) as Measurement;
}

/** Median times of some rounds, and the largest memory. */
function medianOf(what: string, root: string, id?: string): Measurement {
  const all = Array.from({ length: ROUNDS }, () => measured(what, root, id));
  return { ...medianTimes(all), mib: Math.max(...all.map(({ mib }) => mib)) };
}

function medianTimes(all: readonly Times[]): Times {
  return { ms: median(all.map(({ ms }) => ms)), cpu: median(all.map(({ cpu }) => cpu)) };
}

/** Of a whole process, from start to exit. */
function command(args: readonly string[]): Times {
  const rounds = Array.from({ length: ROUNDS }, (): Times => {
    const timed = `TIMEFORMAT='%R %U %S'; time "$0" "$@" > /dev/null`;
    const { status, stderr } = spawnSync('bash', ['-c', timed, process.execPath, grain, ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const [real, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
    return { ms: 1000 * real!, cpu: 1000 * (user! + system!) };
  });
  return medianTimes(rounds);
}

async function written(name: string, run: RealRun) {
  const folder = mkdtempSync(path.join(tmpdir(), 'grain-logs-'));
  try {
    const writer = await candidates[name]!.open(folder, run.manifest);
    const times = new Float64Array(WRITTEN);
    const used = process.cpuUsage();
    for (let i = 0; i < WRITTEN; i++) {
      const step = { ...run.steps[i % run.steps.length]!, step: i + 1 };
      const began = performance.now();
      writer.append(step);
      times[i] = performance.now() - began;
    }
    writer.close();
    const { user, system } = process.cpuUsage(used);
    const bytes = bytesIn(folder) / WRITTEN;
    return { bytes, cpu: (user + system) / 1000 / WRITTEN, median: median([...times]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function formatsTable(run: RealRun): Promise<string> {
  const rows = [
    '| format | bytes a step | ms a step: median, and processor time on average | acknowledged steps that a kill loses, at most | unreadable after a kill |',
    '| --- | --: | --: | --: | --: |',
  ];
  for (const [name, { name: title }] of Object.entries(candidates)) {
    const { bytes, cpu, median: middle } = await written(name, run);
    const { lost, unreadable } = await killWriters(name, run, KILLS);
    rows.push(
      `| ${title} | ${bytes.toFixed(0)} | ${middle.toFixed(3)}, ${cpu.toFixed(3)} | ${lost} | ${unreadable} of ${KILLS} |`,
    );
    console.log(rows.at(-1));
  }
  return rows.join('\n');
}

function row(
  what: string,
  goal: string,
  { ms, cpu, mib }: Times & { readonly mib?: number },
): string {
  const seconds = (of: number) => `${Number((of / 1000).toPrecision(2))} s`;
  const memory = mib === undefined ? '' : `${mib.toFixed(0)} MiB`;
  const text = `| ${what} | ${goal} | ${seconds(ms)} | ${seconds(cpu)} | ${memory} |`;
  console.log(text);
  return text;
}

function longRows(root: string): string[] {
  return [
    row('list', '50 ms', medianOf('list', root)),
    row('`grain runs`, the whole process', '', command(['runs', '--root', root])),
    row('`grain show`, the whole process', '0.3 s', command(['show', 'long', '--root', root])),
    row('first picture of a panel: 1000 columns', '1 s', medianOf('picture', root, 'long')),
    row('any 500 steps, all series, every value', '0.2 s', medianOf('zoom', root, 'long')),
  ];
}

function manyRows(root: string): string[] {
  return [
    row('list', '0.5 s', medianOf('list', root)),
    row('list again, nothing changed', '', medianOf('again', root)),
    row('validations and findings', '1 s', medianOf('seeds', root)),
  ];
}

/** A run, and the same scalars as event files of TensorBoard, if that is installed. */
async function writeCompared(root: string, run: RealRun): Promise<void> {
  const folder = await writeIndexed(root, 'long', run, COMPARED);
  if (!existsSync(python)) return;
  const series = await RunIndex.use({ folder, manifest: run.manifest }, async (index) => {
    const window = { from: 1, to: COMPARED, columns: COMPARED };
    return (await index.window(window, SCALARS)).series;
  });
  const lists = SCALARS.map((name) => [name, [...series[name]!.last]]);
  const file = path.join(root, 'scalars.json');
  writeFileSync(file, JSON.stringify(Object.fromEntries(lists)));
  mkdirSync(path.join(root, 'events'));
  runPython(['write', file, path.join(root, 'events')]);
}

function comparedRows(root: string, base: string): string[] {
  const folder = path.join(root, '.grain/runs/long');
  const anew = (what: string) => {
    rmSync(path.join(folder, 'index'), { recursive: true });
    return measured(what, root, 'long');
  };
  const rows = [
    row('GRAIN, of another trainer, the first time: indexed', '', anew('index')),
    row('GRAIN, from then on', '', medianOf('picture', root, 'long')),
    row('GRAIN resumes it: shows the log to its rules, and indexes it', '', anew('resume')),
    followingRow(folder, path.join(base, 'followed')),
  ];
  const events = path.join(root, 'events');
  if (!existsSync(events)) return [...rows, '| TensorBoard | | not installed here | | |'];
  const loaded: Measurement = JSON.parse(runPython(['read', events]));
  return [...rows, row('TensorBoard, every time', '', loaded)];
}

/** Of a copy, which is then longer. */
function followingRow(folder: string, root: string): string {
  cpSync(folder, path.join(root, '.grain/runs/long'), { recursive: true });
  const args = ['--disable-warning=ExperimentalWarning', follow, root, 'long'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const { share } = JSON.parse(stdout) as Following;
  const text = `| GRAIN, while it logs 200 steps a second | 5 % of a core | | ${(100 * share).toFixed(1)} % of a core | |`;
  console.log(text);
  return text;
}

function runPython(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [peer, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Makes what is in a folder, unless it was made before. */
async function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = `${cache}logs/${name}`;
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await make(unfinished);
  renameSync(unfinished, folder);
  return folder;
}

async function realRun(): Promise<RealRun> {
  const folder = await kept('real', async (made) => {
    writeFileSync(path.join(made, 'run.json'), JSON.stringify(await trainOnce()));
  });
  return JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8')) as RealRun;
}

async function writeIndexed(
  root: string,
  id: string,
  run: RealRun,
  steps: number,
): Promise<string> {
  const folder = writeRun(root, id, run, steps);
  await RunIndex.use({ folder, manifest: run.manifest }, async () => {});
  return folder;
}

/** All with the log of the first, and its index. */
async function writeMany(root: string, run: RealRun): Promise<void> {
  const one = await writeIndexed(root, 'seed0', run, STEPS_EACH);
  for (let i = 1; i < RUNS; i++) {
    const id = `seed${i}`;
    const other = path.join(root, '.grain/runs', id);
    cpSync(one, other, { recursive: true });
    const seed = { init: i % 100, order: i % 100 };
    const aggregator = i < RUNS / 2 ? 'grain' : 'mean';
    const manifest = { ...run.manifest, id, seed, aggregator, steps: STEPS_EACH };
    writeFileSync(path.join(other, 'run.json'), JSON.stringify(manifest));
  }
}

const run = await realRun();
const long = await kept(`long-${LONG}`, async (root) => {
  await writeIndexed(root, 'long', run, LONG);
});
const many = await kept(`many-${RUNS}x${STEPS_EACH}`, (root) => writeMany(root, run));
const compared = await kept(`compared-${COMPARED}`, (root) => writeCompared(root, run));
if (values.prepare) process.exit();

const base = mkdtempSync(path.join(tmpdir(), 'grain-logs-'));
try {
  const formats = await formatsTable(run);
  const goals = longRows(long);
  const experiment = manyRows(many);
  const table = [
    circumstances(),
    '',
    `A step of the digits example with 8 micro-batches, logged ${WRITTEN.toLocaleString('en')} times. A kill is SIGKILL at a random moment; a step is acknowledged once the call that logs it returns.`,
    '',
    formats,
    '',
    `A run of ${LONG.toLocaleString('en')} steps; median of ${ROUNDS}, each in a process of its own. Processor time is what the clock would show without the other processes of a loaded machine:`,
    '',
    ...HEADER,
    ...goals,
    '',
    `An experiment of ${RUNS} runs × ${STEPS_EACH.toLocaleString('en')} steps:`,
    '',
    ...HEADER,
    ...experiment,
    '',
    `A run of ${COMPARED.toLocaleString('en')} steps, until it can be drawn; beside TensorBoard's EventAccumulator, on event files with ${SCALARS.length} scalars of each step and asked to keep them all:`,
    '',
    ...HEADER,
    ...comparedRows(compared, base),
  ].join('\n');
  writeFigures('logs', table);
  console.log(table);
} finally {
  rmSync(base, { recursive: true, force: true });
}
