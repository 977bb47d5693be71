/** A learning rate for each method, from runs of its own before those that are compared. */
import { tuningSeeds } from '../config/methods.ts';
import type { ParsedConfig } from '../config/parse.ts';
import type { Loading } from '../runs/loading.ts';
import type { Findings } from './findings.ts';
import { type Launch, launchParsed } from './launch.ts';
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
 * seeds.
 * @throws TuningStopped
 */
export async function launchTuned(
  parsed: ParsedConfig,
  root: string,
  { onLoading, train, note }: TuningCallbacks,
): Promise<Launch> {
  const { tune, optimizer, name } = parsed.config;
  if (!tune) return launchParsed(parsed, root, onLoading);
  const tried: Tried[] = [];
  for (const rate of [...tune.learningRates].sort((a, b) => a - b)) {
    const own = parsed.with({
      name: `${name.slice(0, 50)} tuning ${rate}`,
      optimizer: { ...optimizer, learningRate: rate },
      seeds: tuningSeeds(tune.seeds),
      tune: undefined,
    });
    const { findings, runs } = await train(await launchParsed(own, root, onLoading));
    if (runs.some(({ status }) => status === 'stopped')) {
      throw new TuningStopped(`stopped while tuning ${name}. Start again to tune anew.`);
    }
    tried.push({ rate, findings });
  }
  const best = bestRates(tried);
  for (const { method, rate, isAtEdge } of best) {
    const edge = isAtEdge ? ', at the edge of those that were tried' : '';
    note(`${method}: learning rate ${significant(rate)}${edge}`);
  }
  return launchParsed(
    parsed,
    root,
    onLoading,
    new Map(best.map(({ method, rate }) => [method, rate])),
  );
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
