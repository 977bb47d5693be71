/**
 * What methods do to the final metric, its spread and the conflicts of actual updates, with paired seeds, each method at the
 * learning rate that the same search found best for it:
 * `node bench/guarantee.ts [--seeds 20] [--settings 'a;b'] [--methods 'a;b'] [--jobs 2]` writes docs/guarantee.md's tables.
 *
 * Every run stays in .cache/guarantee: a bench that was stopped continues where it was, and more seeds add to those there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conflictTable, trainCauses } from './guarantee/causes.ts';
import { collapseTable, solverCheck } from './guarantee/collapse.ts';
import { methods } from './guarantee/methods.ts';
import { outcomeOf } from './guarantee/outcome.ts';
import { collapsePicture, lengthsPicture } from './guarantee/pictures.ts';
import { bestRate } from './guarantee/search.ts';
import { settings } from './guarantee/settings.ts';
import { type Result, tableOf } from './guarantee/table.ts';
import { isPossible, type Job, train } from './guarantee/train.ts';
import { circumstances, writeFigures } from './readme.ts';
import { inParallel } from './trainSeeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    settings: { type: 'string' },
    methods: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
const parallel = Number(values.jobs);
const docs = fileURLToPath(new URL('../docs/guarantee.md', import.meta.url));
const chosen = (names: string | undefined, name: string) =>
  names === undefined || names.split(';').includes(name);

/** Prints figures, and writes them where the page has a place for them. */
function write(name: string, markdown: string): void {
  console.log(`\n${markdown}`);
  if (readFileSync(docs, 'utf8').includes(`<!-- ${name} -->`)) writeFigures(name, markdown, docs);
}

const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const jobs: Job[] = [];
for (const setting of settings.filter(({ name }) => chosen(values.settings, name))) {
  const config = await setting.config();
  if (config === null) console.error(`${setting.title}: its data are missing on this machine`);
  else jobs.push(...methods.map((method) => ({ setting, config, method })).filter(isPossible));
}

if (chosen(values.settings, 'causes')) {
  await trainCauses(parallel);
  for (const grouping of ['microbatch', 'label'] as const) {
    write(`causes-${grouping}`, await conflictTable(grouping));
  }
  write('collapse', `${await collapseTable()}\n\n${await solverCheck()}`);
  writeFileSync(path.join(path.dirname(docs), 'guarantee-lengths.svg'), await lengthsPicture());
  writeFileSync(path.join(path.dirname(docs), 'guarantee-collapse.svg'), await collapsePicture());
}

/** Method by method, so that a bench that is stopped early has compared something in every setting. */
const inOrder = methods
  .filter(({ name }) => chosen(values.methods, name))
  .flatMap((method) => jobs.filter((job) => job.method === method));
const results = new Map<Job, Result>();
await inParallel(inOrder, parallel, async (job, core) => {
  const rate = await bestRate(job, core);
  const runs = await train(job, rate, seeds, core);
  const outcomes = await Promise.all(runs.map((run) => outcomeOf(run, job.setting)));
  results.set(job, { method: job.method.name, rate, outcomes });
  console.error(`${job.setting.name}, ${job.method.name}: ${runs.length} runs at ${rate}`);
});
for (const setting of new Set(jobs.map((job) => job.setting))) {
  const ofSetting = jobs
    .filter((job) => job.setting === setting)
    .flatMap((job) => results.get(job) ?? []);
  const table = tableOf(setting, ofSetting);
  console.log(`\n${setting.title}`);
  write(setting.name, `${circumstances()}\n\n${table}`);
}
