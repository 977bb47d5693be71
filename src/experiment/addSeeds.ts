/** More runs for an experiment that is there: further seeds, further methods, and what was interrupted. */
import path from 'node:path';
import { expand, type RunRequest } from '../config/expand.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import { MAX_SEED, type SeedPair, seedPairs } from '../config/seeds.ts';
import { formatSeed } from '../runs/format.ts';
import type { Loading } from '../runs/loading.ts';
import { isActive } from '../runs/status.ts';
import { RunStore, type RunSummary } from '../runs/store.ts';
import { codeFingerprint } from '../training/fingerprints.ts';
import type { TrainingRun } from '../training/trainingLoop.ts';
import { ComparisonError, differencesOf } from './comparable.ts';
import { latestExperiment, runsOfConfig } from './experiments.ts';
import { type Launch, OwnedRuns, warningsOf } from './launch.ts';
import { type ManifestOptions, manifestsOf } from './manifests.ts';
import { type Preparation, prepare } from './preparation.ts';
import { ResumeError } from './resume.ts';
import { whyUnfinished } from './seedResults.ts';

/** Every run is there and has ended. */
export class NothingToTrain extends ResumeError {}

export interface Addition {
  readonly addSeeds: number;
  /** Id of the experiment; by default the latest of the config. */
  readonly experiment?: string;
}

/**
 * The runs that the latest experiment of a config lacks: those of `count` more seeds, of seeds and methods that the config asks for
 * by now, and those that were interrupted or stopped, which resume. What is done is not done again.
 * @param written the config, its files checked
 * @param root folder that holds `.grain`
 * @throws ResumeError if there is no experiment, or nothing to train
 * @throws ComparisonError if data, model or settings are no longer those of the experiment
 * @throws ConfigError for mistakes in the config or the data
 */
export async function launchAdded(
  written: ParsedConfig,
  { addSeeds, experiment: wanted }: Addition,
  root: string,
  onLoading: (loading: Loading) => void,
): Promise<Launch> {
  const store = new RunStore(root);
  const { file } = written;
  const all = await runsOfConfig(path.resolve(file), root);
  const known =
    wanted === undefined
      ? latestExperiment(all)
      : all.filter(({ manifest }) => manifest.experiment.id === wanted);
  if (known.length === 0) {
    throw new ResumeError(`no experiment of ${file} in ${root}. Expected one: grain run ${file}`);
  }
  const parsed = onDeviceOf(known[0]!, written);
  const seeds = moreSeeds(parsed, known, addSeeds);
  const preparation = await prepare(parsed, onLoading);
  const { trainer } = preparation;
  try {
    const { experiment } = known[0]!.manifest;
    const requests = expand(parsed.config, seeds).filter((request) => !isKnown(request, known));
    const { fingerprints } = known[0]!.manifest;
    const joining = {
      ...{ root, experiment, rates: tunedRates(known) },
      // Of `seeds: auto` the file may be another one by now.
      ...(wanted !== undefined && { configFingerprint: fingerprints.config }),
    };
    checkTuned(parsed, requests, joining.rates);
    const manifests = await manifestsOf(parsed, preparation, requests, joining);
    await checkUnchanged(known, parsed, preparation, joining);
    const resumed = known
      .filter(isToResume)
      .map((run) => ({ ...run, resumeFrom: 'last' as const }));
    if (resumed.length + manifests.length === 0) {
      throw new NothingToTrain(`nothing to train: ${experiment.id} has every run of ${file}`);
    }
    const folders = store.createAll(manifests);
    const fresh = manifests.map(
      (manifest, i): TrainingRun => ({
        manifest,
        folder: folders[i]!.path,
        warnings: warningsOf(parsed, requests[i]!),
      }),
    );
    const runs = [...resumed, ...fresh];
    const owned = await OwnedRuns.take(runs);
    const warnings = noticesOf(parsed, preparation, known);
    return { trainer, runs, owned, warnings };
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

/** The seeds of the experiment, those of the config, and so many more. */
function moreSeeds(parsed: ParsedConfig, known: readonly RunSummary[], count: number): SeedPair[] {
  const asked = parsed.config.seeds;
  if (typeof asked === 'object' && 'init' in asked && count > 0) {
    throw parsed.error(['seeds'], 'crossed seeds cannot be lengthened by a number', {
      expected: 'larger counts of init or order, and --add-seeds 0',
    });
  }
  const pairs = [...known.map(({ manifest }) => manifest.seed), ...seedPairs(asked)];
  const seeds = new Map(pairs.map((pair) => [formatSeed(pair), pair]));
  const last = Math.max(...pairs.flatMap(({ init, order, split = 0 }) => [init, order, split]));
  const areSplit = pairs.some(({ split }) => split !== undefined);
  if (last + count > MAX_SEED) throw new ResumeError(`no ${count} seeds above ${last}`);
  for (let seed = last + 1; seed <= last + count; seed++) {
    const pair = { init: seed, order: seed, ...(areSplit && { split: seed }) };
    seeds.set(formatSeed(pair), pair);
  }
  return [...seeds.values()];
}

/** On which the experiment began, whatever `auto` would be by now. */
function onDeviceOf({ manifest }: RunSummary, parsed: ParsedConfig): ParsedConfig {
  const { data } = configSchema.shape.device.safeParse(manifest.device.backend);
  return data === undefined ? parsed : parsed.with({ device: data });
}

function isKnown({ aggregator, seed }: RunRequest, known: readonly RunSummary[]): boolean {
  return known.some(
    ({ manifest }) =>
      manifest.aggregator === aggregator && formatSeed(manifest.seed) === formatSeed(seed),
  );
}

/** Not those that failed, which would again, nor those that another process is working on. */
function isToResume(run: RunSummary): boolean {
  return !isActive(run.status) && whyUnfinished(run) !== null;
}

/** Methods keep the learning rates that they were tuned to. */
function tunedRates(known: readonly RunSummary[]): Map<string, number> {
  return new Map(
    known.flatMap(({ manifest: { aggregator, config } }): [string, number][] => {
      const { data } = configSchema.safeParse(config);
      return data?.tune ? [[aggregator, data.optimizer.learningRate]] : [];
    }),
  );
}

/** A method with the config's learning rate beside tuned ones would be no fair comparison. */
function checkTuned(
  parsed: ParsedConfig,
  requests: readonly RunRequest[],
  rates: ReadonlyMap<string, number>,
): void {
  const untuned = requests.find(({ aggregator }) => !rates.has(aggregator));
  if (!parsed.config.tune || !untuned) return;
  throw parsed.error(
    ['aggregate'],
    `${untuned.aggregator} joined the methods after their learning rates were tuned`,
    { expected: 'the methods of then, or a new experiment without --add-seeds' },
  );
}

/** Compares a run with what the config would make of its method now. */
async function checkUnchanged(
  known: readonly RunSummary[],
  parsed: ParsedConfig,
  preparation: Preparation,
  joining: ManifestOptions,
): Promise<void> {
  const methods = expand(parsed.config, [known[0]!.manifest.seed]);
  const methodOf = ({ manifest: { aggregator } }: RunSummary) =>
    methods.find((method) => method.aggregator === aggregator);
  const run = known.find(methodOf) ?? known[0]!;
  const { manifest } = run;
  const same = methodOf(run) ?? methods[0]!;
  const [sample] = await manifestsOf(parsed, preparation, [same], joining);
  const differences = differencesOf(manifest, sample!);
  if (differences.length === 0) return;
  throw new ComparisonError(
    `${manifest.experiment.id} was trained with another ${differences.join(', ')}. Expected what it was then, or a new experiment without --add-seeds.`,
  );
}

function noticesOf(parsed: ParsedConfig, { notices }: Preparation, known: readonly RunSummary[]) {
  const code = codeFingerprint();
  const isOther = known.some(({ manifest }) => manifest.fingerprints.code !== code);
  const versions = [...new Set(known.map(({ manifest }) => manifest.versions.grain))];
  return [
    ...parsed.warnings,
    ...notices,
    ...(isOther
      ? [
          parsed.warning(
            ['seeds'],
            `the earlier runs were trained by other code (grain ${versions.join(', ')}), whose results may differ`,
            'a new experiment, if they do',
          ),
        ]
      : []),
  ];
}
