/**
 * Gram matrix and combination of gradients in shared memory, against the speed of memory, numpy, and JavaScript; and what a
 * call of the engine costs. All in one run: `node bench/gram.ts`.
 */
import { median } from 'simple-statistics';
import { EngineClient } from '../src/engine/client.ts';
import { gramOf } from '../src/engine/gram.ts';
import { layoutOf } from '../src/engine/kernels/layout.ts';
import { SharedGradients } from '../src/engine/kernels/sharedGradients.ts';
import { SharedKernels } from '../src/engine/kernels/sharedKernels.ts';
import { table } from '../src/experiment/markdown.ts';
import { normalRows, random } from '../test/unit/engine/random.ts';
import { Numpy } from './peers/numpy.ts';
import { MemoryTraffic } from './peers/traffic.ts';
import { circumstances, writeFigures } from './readme.ts';

const sizes = [
  [8, 1e7],
  [4, 1e7],
  [16, 1e7],
  [32, 1e7],
  [8, 1e6],
  [32, 1e6],
  [8, 1e5],
  [32, 1e5],
] as const;

/** All sides take a turn in each round, and ratios are within a round, because the machine is shared. */
const ROUNDS = 21;
/** Only three turns for JavaScript where a turn takes long. */
const SLOW = 5e7;

const ratio = (x: number) => `${Number(x.toPrecision(2))}×`;

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

/** Normal numbers, the same few repeated: times do not depend on them. */
function fill(gradients: SharedGradients, k: number, d: number): Float32Array[] {
  gradients.resize(k, d);
  const [pattern] = normalRows(1, 99_991, random(k));
  const { memory } = gradients.shards[0]!;
  const { rows, stride } = layoutOf(k, d);
  return Array.from({ length: k }, (_, i) => {
    const row = new Float32Array(memory.buffer, rows + i * stride, d);
    const single = Float32Array.from(
      pattern!,
      (_, x) => pattern![(x + 997 * i) % pattern!.length]!,
    );
    for (let at = 0; at < d; at += single.length) row.set(single.subarray(0, d - at), at);
    return row;
  });
}

/** Largest difference from the exact matrix, over ‖gᵢ‖‖gⱼ‖. */
function errorOf(gram: Float64Array, exact: Float64Array, k: number): string {
  const errors = gram.map((entry, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    return Math.abs(entry - exact[at]!) / Math.sqrt(exact[i * k + i]! * exact[j * k + j]!);
  });
  return Math.max(...errors).toExponential(0);
}

async function measure(k: number, d: number): Promise<string[]> {
  const gradients = new SharedGradients();
  const rows = fill(gradients, k, d);
  const { shards } = gradients;
  const traffic = await MemoryTraffic.start(shards[0]!.memory);
  const { rows: address, stride } = layoutOf(k, d);
  const bytes = k * stride;
  const weights = new Float64Array(k).fill(1 / k);

  const contenders = {
    numpyGram: () => numpy.seconds('gram', k, d),
    gram: () => seconds(() => kernels.gram(shards)),
    read: () => seconds(() => traffic.read(address, bytes)),
    combine: () => seconds(() => kernels.combine(shards, weights)),
    numpyCombine: () => numpy.seconds('combine', k, d),
    exact: () => seconds(() => kernels.exactGram(shards)),
    copy: () => seconds(() => traffic.copy(address, bytes)),
    javaScript: () => seconds(async () => gramOf(rows)),
  };
  type Name = keyof typeof contenders;
  const times = new Map<Name, number>();
  const ratios = new Map<string, number[]>();
  /** Time of one over time of the other in this round; reported is the median over the rounds. */
  const compare = (of: Name, to: Name) => {
    const name = `${of}/${to}`;
    ratios.set(name, [...(ratios.get(name) ?? []), times.get(of)! / times.get(to)!]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const isSlow = k * d > SLOW && round >= 3;
    for (const [name, run] of Object.entries(contenders) as [Name, () => Promise<number>][]) {
      if (!(isSlow && name === 'javaScript')) times.set(name, await run());
    }
    for (const ours of ['gram', 'exact', 'combine', 'copy'] as const) compare('read', ours);
    compare('numpyGram', 'gram');
    compare('numpyCombine', 'combine');
    if (!isSlow) compare('javaScript', 'gram');
  }
  const middle = (of: Name, to: Name) => median(ratios.get(`${of}/${to}`)!);
  const { gram } = await kernels.gram(shards);
  await traffic.close();

  return [
    String(k),
    d.toExponential(0),
    middle('read', 'gram').toFixed(2),
    ratio(middle('numpyGram', 'gram')),
    ratio(middle('javaScript', 'gram')),
    middle('read', 'exact').toFixed(2),
    errorOf(gram, gramOf(rows), k),
    middle('read', 'combine').toFixed(2),
    ratio(middle('numpyCombine', 'combine')),
    // Half of the bytes are read, and written to the other half.
    (middle('read', 'copy') / 2).toFixed(2),
  ];
}

/** Median time of many consecutive calls of the engine, in microseconds. */
async function roundTrip(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < 3000; i++) times.push(1e6 * (await seconds(call)));
  return `${median(times.slice(1000)).toFixed(0)} µs`;
}

const kernels = await SharedKernels.load();
const numpy = new Numpy();

const rows = [
  [
    ...['k', 'd', 'Gram / limit', 'numpy', 'JavaScript', 'float64 / limit', 'error'],
    ...['combine / limit', 'numpy', 'copy / limit'],
  ],
];
for (const [k, d] of sizes) {
  const row = await measure(k, d);
  rows.push(row);
  console.log(row.join('  '));
}
numpy.close();

const engine = EngineClient.start();
const tiny = { gram: gramOf(normalRows(8, 20, random(1))) };
const gradients = new SharedGradients();
fill(gradients, 8, 1000);
const bare = await roundTrip(() => engine.diagnose([]));
const small = await roundTrip(() => engine.aggregate(tiny, 'grain'));
const shared = await roundTrip(() => engine.aggregateShared(gradients, 'grain'));
await engine.close();

const markdown = table(rows);
const calls = `A call of the engine on its thread and back, median: ${bare} with nothing to do, ${small} for the weights of a Gram matrix of 8 groups, ${shared} for Gram matrix, weights and combination of 8 gradients of length 1000.`;
writeFigures('gram', `${circumstances()}\n\n${markdown}\n\n${calls}`);
console.log(`${markdown}\n${calls}`);
