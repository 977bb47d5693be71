/** Trains the launches of one command, and shows their progress. */
import path from 'node:path';
import { explain, formatDiagnostic } from '../config/diagnostic.ts';
import { configSchema } from '../config/schema.ts';
import type { Launch } from '../experiment/launch.ts';
import { reportOf } from '../experiment/launchReport.ts';
import type { Report } from '../experiment/launchResult.ts';
import { inProcesses } from '../experiment/processTrainer.ts';
import { onRay } from '../experiment/ray/rayTrainer.ts';
import { trainLaunch } from '../experiment/trainRuns.ts';
import { onInterruption } from './interruption.ts';
import type { ProgressView } from './progress/view.ts';

interface Options {
  readonly view: ProgressView;
  /** Folder that holds `.grain`. */
  readonly root: string;
  /** In place of the config's. */
  readonly concurrency: number | undefined;
  /** Address of a Ray cluster, in place of the config's. */
  readonly ray: string | undefined;
}

/** @returns a function that trains a launch; from the first one on, no signal kills this process at once */
export function launchTrainer(options: Options): (launch: Launch) => Promise<Report> {
  let isInterrupted: (() => boolean) | undefined;
  return (launch) => {
    isInterrupted ??= onInterruption(() => options.view.note('stopping, with a checkpoint'));
    return train(launch, options, isInterrupted);
  };
}

async function train(
  checked: Launch,
  options: Options,
  isInterrupted: () => boolean,
): Promise<Report> {
  const { view, root } = options;
  const started = performance.now();
  for (const warning of checked.warnings) view.note(formatDiagnostic(warning));
  const launch = await elsewhere(checked, options);
  view.created(launch.trainer, launch.runs);
  // Every run logs what was just said once.
  const said = new Set(launch.warnings.map(explain));
  const onEvent: ProgressView['event'] = (run, event) => {
    if (event.kind !== 'warning' || !said.has(event.message)) view.event(run, event);
  };
  const ends = await trainLaunch(launch, { onEvent, isInterrupted });
  return reportOf(launch, ends, (performance.now() - started) / 1000, root);
}

/** On a cluster, or in other processes if runs are to be trained at the same time. */
async function elsewhere(launch: Launch, { view, ...options }: Options): Promise<Launch> {
  const { config } = launch.runs[0]!.manifest;
  const ray = configSchema.shape.ray.safeParse(config.ray).data;
  if (options.ray !== undefined || ray) {
    return onRay(launch, {
      ...{ cpus: 1, gpus: 0, ...ray, address: options.ray ?? ray!.address },
      root: path.resolve(options.root),
      grain: [...process.execArgv, process.argv[1]!],
      note: view.note.bind(view),
    });
  }
  const { data } = configSchema.shape.concurrency.safeParse(config.concurrency);
  const concurrency = Math.min(options.concurrency ?? data ?? 1, launch.runs.length);
  const { trainer, runs } = launch;
  // Programs are processes anyway.
  if (runs[0]!.manifest.command) return { ...launch, trainer: { ...trainer, concurrency } };
  if (concurrency === 1) return launch;
  return inProcesses(launch, {
    concurrency,
    grain: [process.execPath, ...process.execArgv, process.argv[1]!],
    onLoading: view.loading.bind(view),
    note: view.note.bind(view),
  });
}
