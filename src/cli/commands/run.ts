import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { aggregatorNames } from '../../experiment/aggregation.ts';
import { ConfigError } from '../../experiment/parse.ts';
import { closeSession } from '../../training/session.ts';
import { trainRuns } from '../../training/trainRuns.ts';
import { launchFresh, type Overrides } from '../launch/fresh.ts';
import { awaitInterruption } from '../launch/interruption.ts';
import type { Launch } from '../launch/launch.ts';
import { exitStatusOf, type Report, reportOf, textOf } from '../launch/report.ts';
import { launchResumed } from '../launch/resumed.ts';
import { lineView } from '../progress/lines.ts';
import { TerminalView } from '../progress/terminal.ts';
import type { ProgressView } from '../progress/view.ts';

interface RunOptions extends Overrides {
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

const summary = 'train the runs of a config, or go on with unfinished ones';

const description = [
  summary,
  'One run for each aggregator and seed of CONFIG, one after another. Config and data are checked first; if anything is wrong with them, nothing is written. Progress goes to standard error.',
  'Ctrl-C (or SIGTERM, or `grain stop`) ends a run after its step, with a checkpoint to resume from; a second Ctrl-C kills.',
  'Exit status: 0 all runs finished, 1 a run failed, 2 mistakes in the command line, config or data, 130 stopped.',
  'With --json standard output gets one object: {"experiment": {"id", "name"}, "device": {"rung", "name"}, "seconds", "runs": [{"id", "aggregator", "seed": {"init", "order"}, "status": finished | stopped | failed, "step", "metrics": those of the last validation, "folder", "error"?}]}; or, where nothing was trained, {"error": {"message", "diagnostics"?: [{"file", "line", "column", "message", "expected"?, "suggestion"?}]}}.',
].join('\n\n');

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary(summary)
    .description(description)
    .argument('[config]', 'a grain.yaml or grain.json')
    .option('--seed <n...>', "in place of the config's seeds", collectSeeds)
    .addOption(
      new Option('--aggregate <name...>', "in place of the config's aggregators").choices(
        aggregatorNames,
      ),
    )
    .option('--steps <n>', "in place of the config's steps", positiveInteger)
    .option(
      '--out <folder>',
      'folder that holds .grain (default: that of the config; to resume: here)',
    )
    .option('--resume <run>', 'go on with a run, or with all unfinished runs of an experiment')
    .option('--json', 'print one JSON object on standard output')
    .action(async (config: string | undefined, options: RunOptions, command: Command) => {
      if ((config === undefined) === (options.resume === undefined)) {
        command.error('error: expected either CONFIG or --resume RUN', { exitCode: 2 });
      }
      process.exitCode = await run(config, options);
    });
}

/** @returns the exit status */
async function run(config: string | undefined, options: RunOptions): Promise<number> {
  const view = process.stderr.isTTY ? new TerminalView() : lineView;
  try {
    const root = path.resolve(options.out ?? path.dirname(config ?? './here'));
    const onLoading = (done: number, total: number) => view.loading(done, total);
    const launch =
      config === undefined
        ? await launchResumed(options.resume!, root, onLoading)
        : await launchFresh(config, options, root, onLoading);
    const report = await trainLaunch(launch, view);
    view.close();
    const { metric } = launch.runs[0]!.manifest;
    console.log(options.json ? JSON.stringify(report, null, 2) : textOf(report, metric.name));
    return exitStatusOf(report);
  } catch (error) {
    view.close();
    return complain(error, options.json ?? false);
  }
}

async function trainLaunch(launch: Launch, view: ProgressView): Promise<Report> {
  const { session, runs } = launch;
  const started = performance.now();
  view.created(session, runs);
  const isInterrupted = awaitInterruption(() => view.note('stopping after this step'));
  try {
    const onEvent = view.event.bind(view);
    const ends = await trainRuns(session, runs, { onEvent, isInterrupted });
    return await reportOf(launch, ends, (performance.now() - started) / 1000);
  } finally {
    launch.release();
    await closeSession(session);
  }
}

/** Says what kept the runs from being trained. @returns the exit status */
function complain(error: unknown, json: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  const diagnostics = error instanceof ConfigError ? error.diagnostics : undefined;
  console.error(diagnostics ? message : `error: ${message}`);
  if (json) console.log(JSON.stringify({ error: { message, diagnostics } }, null, 2));
  return error instanceof ConfigError ? 2 : 1;
}

function collectSeeds(value: string, previous: readonly number[] = []): number[] {
  if (/^\d+$/.test(value)) return [...previous, Number(value)];
  throw new InvalidArgumentError('expected a whole number, 0 or more');
}

function positiveInteger(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a whole number, 1 or more');
}
