/**
 * What techniques do to the final metric and its spread, each against the same aggregator without it, with paired seeds and the
 * learning rate of the task: `node bench/techniques.ts [--seeds 10] [--tasks 'digits;stsb;genre']` writes the tables of
 * docs/techniques.head.md; then `npm run docs`.
 *
 * Every run stays in .cache/techniques, in a folder for each technique: a bench that was stopped continues where it was, and more
 * seeds or techniques add to those there.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { ClaimConfig } from '../src/experiment/claims/trainings.ts';
import { table } from '../src/experiment/markdown.ts';
import { RunStore, type RunSummary } from '../src/runs/store.ts';
import { interpreter } from '../test/python/python.ts';
import { example, genre, inMicrobatches, stsb, withSmallNetwork } from './guarantee/configs.ts';
import { formatDifference, formatSpread, pairsOf } from './guarantee/table.ts';
import { cache } from './peers/venv.ts';
import { circumstances, writeFigures } from './readme.ts';
import { inParallel, trainSeeds } from './trainSeeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    tasks: { type: 'string', default: 'digits;stsb;genre' },
    jobs: { type: 'string', default: '2' },
  },
});
process.env.GRAIN_PYTHON ??= interpreter();
const docs = fileURLToPath(new URL('../docs/techniques.head.md', import.meta.url));
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);

interface Task {
  readonly name: string;
  readonly metric: string;
  readonly techniques: readonly string[];
  /** Null where its data are missing on this machine. */
  config(): Promise<ClaimConfig | null>;
}

const tasks: readonly Task[] = [
  {
    name: 'digits',
    metric: 'accuracy',
    techniques: ['ghm', 'tilted', 'tsam'],
    config: async () => withSmallNetwork(inMicrobatches(example('digits'))),
  },
  { name: 'stsb', metric: 'spearman', techniques: ['tilted', 'tsam'], config: () => stsb() },
  {
    name: 'genre',
    metric: 'accuracy',
    techniques: ['lnsr'],
    config: async () => {
      const config = await genre();
      return config && { ...config, device: 'torch' };
    },
  },
];
const aggregators = ['mean', 'grain'];

await inParallel(
  tasks.filter(({ name }) => values.tasks.split(';').includes(name)),
  Number(values.jobs),
  async ({ name, metric, techniques, config }, core) => {
    const task = await config();
    if (task === null) return console.error(`${name}: its data are missing on this machine`);
    const runs = new Map<string | null, readonly RunSummary[]>();
    for (const technique of [null, ...techniques]) {
      const folder = path.join(cache, 'techniques', name, technique ?? 'none');
      const own = technique === null ? {} : { techniques: { [technique]: {} } };
      const aggregate = aggregators.map((aggregator) => ({ name: aggregator, ...own }));
      await trainSeeds(folder, { ...task, name, aggregate }, seeds, core);
      runs.set(technique, await new RunStore(folder).list());
    }
    const rows = aggregators.flatMap((aggregator) => {
      const base = outcomesOf(runs.get(null)!, aggregator);
      return Array.from(runs, ([technique, all]) => {
        const outcomes = outcomesOf(all, aggregator);
        const finite = outcomes.map(({ metric: value }) => value).filter(Number.isFinite);
        const pairs = pairsOf(outcomes, base);
        return [
          aggregator,
          technique === null ? '' : `\`${technique}\``,
          String(outcomes.length),
          `${mean(finite).toFixed(3)} ± ${sampleStandardDeviation(finite).toFixed(3)}`,
          Math.min(...finite).toFixed(3),
          technique === null ? '' : formatDifference(pairs),
          technique === null ? '' : formatSpread(pairs),
        ];
      });
    });
    const header = [
      ...['aggregator', 'technique', 'seeds', `${metric} ± std`, 'worst'],
      ...['against it without (95 %, p)', 'std, × without (95 %)'],
    ];
    const text = table([header, ...rows], 2);
    console.log(text);
    writeFigures(name, `${circumstances()}\n\n${text}`, docs);
  },
);

/** The metric of the final validation of each seed's run; NaN for a run that failed. */
function outcomesOf(runs: readonly RunSummary[], aggregator: string) {
  return runs
    .filter(({ manifest: { aggregation, seed } }) => {
      return aggregation.name === aggregator && seeds.includes(seed.init);
    })
    .map(({ manifest, status, lastMetric }) => ({
      seed: manifest.seed.init,
      metric: status === 'finished' ? (lastMetric?.value ?? Number.NaN) : Number.NaN,
    }));
}
