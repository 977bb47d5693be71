/**
 * What a cache of token ids on disk would save of a launch with `device: torch`: tokenizing RTE anew, by GRAIN's tokenizer and by
 * transformers' in the child, in turns with a stand-in for the cache, beside all that precedes the first step.
 * `node bench/tokens.ts [ROUNDS]`; GRAIN_PYTHON names a Python with PyTorch, and RTE is read from GRAIN_DATA.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median } from 'simple-statistics';
import { stringify } from 'yaml';
import { openDevice, type TorchDevice } from '../src/backends/device.ts';
import { resolvedAggregation } from '../src/config/aggregation.ts';
import { parseConfig } from '../src/config/parse.ts';
import {
  openTokenizer,
  type TextTokenizer,
  tokenizerFiles,
} from '../src/hub/tokenizer/tokenizer.ts';
import { closeSession, openSession } from '../src/training/session.ts';
import { TorchTokenizer } from '../src/training/torch/torchTokenizer.ts';
import { Trainer } from '../src/training/trainer.ts';
import { minilm } from '../test/python/checkpoints.ts';
import { interpreter } from '../test/python/python.ts';
import { realData } from '../test/realData.ts';
import { circumstances, writeFigures } from './readme.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const MAX_LENGTH = 128;
process.env.GRAIN_PYTHON ??= interpreter();

const checkpoint = await minilm();
const pairs = [realData.rte.train, realData.rte.validation].flatMap((file) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').slice(1, 3) as [string, string]),
);
const folder = mkdtempSync(path.join(os.tmpdir(), 'grain-tokens-'));
const cached = path.join(folder, 'ids');
const device = (await openDevice('torch')) as TorchDevice;
const ours = await openTokenizer(checkpoint);
const theirs = await TorchTokenizer.open(device, checkpoint);
writeFileSync(cached, Buffer.from((await idsBy(ours)).buffer));

const times = { ours: [] as number[], theirs: [] as number[], cache: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  times.ours.push(await secondsOf(() => idsBy(ours)));
  times.cache.push(await secondsOf(readCached));
  times.theirs.push(await secondsOf(() => idsBy(theirs)));
}
await device.close();
rmSync(folder, { recursive: true });

const start = await secondsOf(async () => {
  const config = {
    model: { from: checkpoint, head: 'new', adapter: { lora: { rank: 8 } } },
    data: { ...realData.rte, text: ['sentence1', 'sentence2'], target: 'label' },
    groups: { by: 'microbatch', count: 8 },
    ...{ batchSize: 32, steps: 1, device: 'torch' },
  };
  const session = await openSession(
    parseConfig(stringify(config), path.resolve('bench.yaml')),
    () => {},
  );
  const aggregation = resolvedAggregation('grain', 'drop');
  const trainer = await Trainer.create(session, aggregation, { init: 0, order: 0 });
  await trainer.step(1);
  trainer.dispose();
  await closeSession(session);
});
const [own, other, hit] = [times.ours, times.theirs, times.cache].map((all) => median(all));
const saved = own! - hit!;
const markdown = [
  `${circumstances()} Median of ${ROUNDS} rounds in turns. The cache: SHA-256 of the tokenizer's files and of the texts, and the ids read from disk.`,
  '',
  `| ${pairs.length} pairs of RTE, at most ${MAX_LENGTH} tokens, MiniLM | s |`,
  '| --- | --: |',
  `| tokenized by GRAIN | ${own!.toFixed(2)} |`,
  `| tokenized by transformers, a message a pair | ${other!.toFixed(2)} |`,
  `| the cache, if it has them | ${hit!.toFixed(2)} |`,
  `| from the config to the end of the first step, with LoRA | ${start.toFixed(1)} |`,
  '',
  `A cache would save ${((100 * saved) / start).toFixed(1)} % of the way to the first step.`,
].join('\n');
console.log(markdown);
writeFigures('tokens', markdown);

async function idsBy(tokenizer: TextTokenizer): Promise<Int32Array<ArrayBuffer>> {
  const ids: number[] = [];
  for (const [first, second] of pairs) {
    ids.push(...(await tokenizer.encode(first, second, MAX_LENGTH)).ids);
  }
  return Int32Array.from(ids);
}

async function readCached(): Promise<void> {
  const key = createHash('sha256');
  for (const file of tokenizerFiles(checkpoint)) key.update(readFileSync(file));
  for (const [first, second] of pairs) key.update(first).update('\0').update(second).update('\0');
  key.digest();
  createHash('sha256').update(readFileSync(cached)).digest();
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1e3;
}
