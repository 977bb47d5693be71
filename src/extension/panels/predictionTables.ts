/** The predictions of an experiment's runs, read once and again when they have changed. */
import { stat } from 'node:fs/promises';
import { hasCode } from '../../config/errors.ts';
import { answerMarker } from '../../experiment/predictions/comparedAnswer.ts';
import {
  ExampleTable,
  type ExampleView,
  type SeedPredictions,
} from '../../experiment/predictions/exampleTable.ts';
import {
  type RunPredictions,
  readRunPredictions,
  Vocabulary,
} from '../../experiment/predictions/runPredictions.ts';
import { formatSeed } from '../../runs/format.ts';
import { runFile } from '../../runs/grainFolder.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { Look, PredictionsPicture, PredictionsShow } from '../messages/predictions.ts';
import { countsOf, pictureOf } from './predictionPages.ts';

/** One method as it is looked at. */
export interface SeenMethod {
  readonly aggregator: string;
  /** All methods that have predictions, with the seeds that do. */
  readonly methods: PredictionsShow['methods'];
  readonly view: ExampleView;
  readonly picture: PredictionsPicture;
  readonly counts: PredictionsShow['counts'];
  /** Seeds without predictions of the same examples. */
  readonly missing: readonly string[];
}

interface Stamped {
  readonly run: RunSummary;
  /** Time and size of its predictions. */
  readonly stamp: string;
}

export class PredictionTables {
  #vocabulary = new Vocabulary();
  readonly #read = new Map<
    string,
    { stamp: string; predictions: Promise<RunPredictions | null> }
  >();
  #seen: { readonly key: string; readonly method: SeenMethod } | undefined;

  /** @returns null if no run has predictions. @param wanted a method without predictions gives way to the first that has some */
  async method(
    runs: readonly RunSummary[],
    wanted: Partial<Pick<Look, 'aggregator' | 'seed'>>,
  ): Promise<SeenMethod | null> {
    const stamped = (await Promise.all(runs.map(stampOf))).filter((it) => it !== null);
    const names = [
      ...new Set(
        stamped
          .map(({ run }) => run)
          .sort(byCreation)
          .map(methodOf),
      ),
    ];
    const aggregator = names.find((name) => name === wanted.aggregator) ?? names[0];
    if (aggregator === undefined) return null;
    const key = JSON.stringify([
      aggregator,
      wanted.seed,
      stamped.map(({ run, stamp }) => [run.folder, stamp]),
      runs.length,
    ]);
    if (this.#seen?.key === key) return this.#seen.method;
    const method = await this.#see(aggregator, wanted.seed ?? null, runs, stamped, names);
    this.#seen = method ? { key, method } : undefined;
    return method;
  }

  async #see(
    aggregator: string,
    seed: string | null,
    runs: readonly RunSummary[],
    stamped: readonly Stamped[],
    names: readonly string[],
  ): Promise<SeenMethod | null> {
    const all = stamped.filter(({ run }) => methodOf(run) === aggregator);
    const first = all.find(({ run }) => seedOf(run) === seed) ?? all[0]!;
    // Another split has other examples.
    const own = all.filter(({ run }) => splitOf(run) === splitOf(first.run));
    const read = await Promise.all(own.map((it) => this.#seedOf(it)));
    const seeds = read.filter((it) => it !== null);
    if (seeds.length === 0) return null;
    const table = new ExampleTable(seeds, this.#vocabulary);
    const view = table.view(seed);
    const present = new Set(table.seeds.map((it) => it.seed));
    return {
      aggregator,
      methods: names.map((name) => ({
        aggregator: name,
        seeds: stamped
          .filter(({ run }) => methodOf(run) === name)
          .map(({ run }) => run)
          .sort(bySeed)
          .map(seedOf),
      })),
      view,
      picture: pictureOf(view),
      counts: countsOf(view),
      missing: runs
        .filter((run) => methodOf(run) === aggregator && !present.has(seedOf(run)))
        .sort(bySeed)
        .map(seedOf),
    };
  }

  async #seedOf({ run, stamp }: Stamped): Promise<SeedPredictions | null> {
    const { folder, manifest } = run;
    const known = this.#read.get(folder);
    const fresh =
      known?.stamp === stamp
        ? known
        : {
            stamp,
            predictions: readRunPredictions(folder, this.#vocabulary, answerMarker(manifest)),
          };
    this.#read.set(folder, fresh);
    const predictions = await fresh.predictions;
    return predictions && { seed: formatSeed(manifest.seed), folder, predictions };
  }
}

async function stampOf(run: RunSummary): Promise<Stamped | null> {
  try {
    const { mtimeMs, size } = await stat(runFile(run.folder, 'predictions'));
    return { run, stamp: `${mtimeMs} ${size}` };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function methodOf({ manifest }: RunSummary): string {
  return manifest.aggregator;
}

function splitOf({ manifest }: RunSummary): number | undefined {
  return manifest.seed.split;
}

function seedOf({ manifest }: RunSummary): string {
  return formatSeed(manifest.seed);
}
