/** A learning rate for each method, from runs of its own before those that are compared. */
import path from 'node:path';
import { tuningSeeds } from '../config/methods.ts';
import type { ParsedConfig } from '../config/parse.ts';
import { configSchema } from '../config/schema.ts';
import type { Loading } from '../runs/loading.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { newExperimentId } from '../runs/newId.ts';
import { byCreation } from '../runs/order.ts';
import type { RunSummary } from '../runs/store.ts';
import { launchAdded, NothingToTrain } from './addSeeds.ts';
import { ComparisonError } from './comparable.ts';
import { latestExperiment, runsOfConfig } from './experiments.ts';
import type { Findings } from './findings.ts';
import { type Launch, launchParsed } from './launch.ts';
import { findingsOnDisk } from './launchReport.ts';
import type { Report } from './launchResult.ts';
import { significant } from './wording.ts';

/** The process was asked to end while it tuned. */
export class TuningStopped extends Error {
  override readonly name = 'TuningStopped';
}

export interface TuningCallbacks {
  onLoading(loading: Loading): void;
  /** Trains the runs of a launch and judges them. */
  train(launch: Launch): Promise<Report>;
  note(text: string): void;
}

/**
 * As `launchParsed`, with the learning rates that `tune` finds. Each rate makes an experiment, in which every method has the same
 * seeds; what an interrupted tuning of the same config has done is not done again.
 * @throws TuningStopped
 */
export async function launchTuned(
  parsed: ParsedConfig,
  root: string,
  { onLoading, train, note }: TuningCallbacks,
): Promise<Launch> {
  const { tune, optimizer, name } = parsed.config;
  if (!tune) return launchParsed(parsed, root, onLoading);
  const begun = await begunTuning(parsed, root);
  const id = begun[0]?.manifest.experiment.tunes ?? newExperimentId(name, new Date());
  const tried: Tried[] = [];
  for (const rate of [...tune.learningRates].sort((a, b) => a - b)) {
    const own = parsed.with({
      name: `${name.slice(0, 50)} tuning ${rate}`,
      optimizer: { ...optimizer, learningRate: rate },
      seeds: tuningSeeds(tune.seeds),
      tune: undefined,
    });
    const known = begun.find(({ manifest }) => rateOf(manifest) === rate);
    const launch = known
      ? await launchRest(own, known.manifest, root, onLoading)
      : await launchParsed(own, root, onLoading, { tunes: id });
    if (launch === null) {
      tried.push({ rate, findings: await findingsOnDisk(known!.manifest, root) });
      continue;
    }
    const { findings, runs } = await train(launch);
    if (runs.some(({ status }) => status === 'stopped')) {
      throw new TuningStopped(`stopped while tuning ${name}. To resume it, start again.`);
    }
    tried.push({ rate, findings });
  }
  const best = bestRates(tried);
  for (const { method, rate, isAtEdge } of best) {
    const edge = isAtEdge ? ', at the edge of those that were tried' : '';
    note(`${method}: learning rate ${significant(rate)}${edge}`);
  }
  return launchParsed(parsed, root, onLoading, {
    experiment: { id, name },
    rates: new Map(best.map(({ method, rate }) => [method, rate])),
  });
}

/** The runs of a tuning that no experiment has followed. */
async function begunTuning(parsed: ParsedConfig, root: string): Promise<RunSummary[]> {
  const all = await runsOfConfig(path.resolve(parsed.file), root);
  // When it began: seeds may have been added since.
  const last = latestExperiment(all).sort(byCreation)[0]?.manifest.createdAt ?? '';
  return all.filter(
    ({ manifest: { experiment, createdAt } }) => experiment.tunes !== undefined && createdAt > last,
  );
}

function rateOf({ config }: RunManifest): number | undefined {
  return configSchema.shape.optimizer.safeParse(config.optimizer).data?.learningRate;
}

/** The rest of one rate's runs; null if there is none. One of other settings or data begins anew. */
async function launchRest(
  own: ParsedConfig,
  { experiment }: RunManifest,
  root: string,
  onLoading: (loading: Loading) => void,
): Promise<Launch | null> {
  try {
    return await launchAdded(own, { addSeeds: 0, experiment: experiment.id }, root, onLoading);
  } catch (error) {
    if (error instanceof NothingToTrain) return null;
    if (!(error instanceof ComparisonError)) throw error;
    return launchParsed(own, root, onLoading, { tunes: experiment.tunes! });
  }
}

interface Tried {
  readonly rate: number;
  readonly findings: Findings;
}

/**
 * Of the rates with values of most seeds the one with the best mean: diverged runs of which no value is known must not make their
 * rate better.
 *
 * @param tried by rate, ascending; of equal ones the smaller rate is better
 */
export function bestRates(
  tried: readonly Tried[],
): { readonly method: string; readonly rate: number; readonly isAtEdge: boolean }[] {
  const [first] = tried;
  const sign = first!.findings.better === 'lower' ? -1 : 1;
  return first!.findings.methods.map(({ method }) => {
    const all = tried.map(
      ({ findings }) => findings.methods.find((it) => it.method === method)?.figures,
    );
    const most = Math.max(...all.map((figures) => figures?.n ?? 0));
    const scores = all.map((figures) =>
      figures?.n === most ? sign * figures.mean : Number.NEGATIVE_INFINITY,
    );
    const at = scores.indexOf(Math.max(...scores));
    return { method, rate: tried[at]!.rate, isAtEdge: at === 0 || at === tried.length - 1 };
  });
}
