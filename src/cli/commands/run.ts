import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { aggregatorNames } from '../../config/aggregation.ts';
import { MAX_SEED } from '../../config/seeds.ts';
import { launchAdded } from '../../experiment/addSeeds.ts';
import { type Launch, type Overrides, parsedFrom } from '../../experiment/launch.ts';
import { exitStatusOf, reportText } from '../../experiment/launchReport.ts';
import type { Report } from '../../experiment/launchResult.ts';
import { launchResumed, type ResumeOptions } from '../../experiment/resume.ts';
import { planOf, seedsToAdd } from '../../experiment/settling.ts';
import { launchTuned, TuningStopped } from '../../experiment/tuning.ts';
import { nearestRoot } from '../../runs/grainFolder.ts';
import { BAD_INPUT, errorResult, reportError, STOPPED } from '../exit.ts';
import { launchTrainer } from '../launchTrainer.ts';
import { runOnEnd } from '../onEnd.ts';
import { printJson } from '../output.ts';
import { progressOption, viewFor } from '../progress/choice.ts';

interface RunOptions extends Overrides, ResumeOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly addSeeds?: number;
  readonly concurrency?: number;
  readonly onEnd?: string;
  readonly json?: boolean;
  readonly progress?: 'ipc';
}

const summary = 'train the runs of a config, or resume unfinished ones';

const description = [
  summary,
  'One run for each aggregator and seed of CONFIG, one after another or, with --concurrency, several at a time. Config and data are checked first; if anything is wrong with them, nothing is written. Progress goes to standard error.',
  'With `seeds: auto` in CONFIG, seeds are added until the experiment is settled; with `tune`, every method first gets a learning rate of its own.',
  'Ctrl-C (or SIGTERM, a closed terminal, or `grain stop`) ends a run after its step, or within a validation, with a checkpoint to resume from; another Ctrl-C, at least a second later, kills it.',
  'Exit status: 0 all runs finished, 1 a run failed, 2 mistakes in the command line, config or data, 130 stopped, also by an alarm.',
  'With --json standard output gets one object: {"experiment": {"id", "name"}, "device": {"backend", "name"}, "seconds", "warnings": [diagnostics], "runs": [{"id", "aggregator", "seed": {"init", "order"}, "status": finished | stopped | failed, "step", "metrics": those of the last validation, "folder", "failure": null or {"code", "message", "advice"?, "remedy"?}, "alarms": [{"rule", "step", "message", "figures", "groups", "clearedAt": null while it stands}]}], "verdict": {"words", "notes"}, "findings": as in `grain report --json`}; or, where nothing was trained, {"error": {"message", "diagnostics"?: [{"file", "severity": error | warning, "line", "column", "endLine", "endColumn", "message", "expected"?, "suggestion"?, "path"}]}}.',
].join('\n\n');

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary(summary)
    .description(description)
    .argument('[config]', 'a grain.yaml or grain.json')
    .option('--seed <n...>', "in place of the config's seeds", collectSeeds)
    .addOption(
      new Option('--aggregate <name...>', "in place of the config's aggregators")
        .choices(aggregatorNames)
        .argParser(collectAggregators),
    )
    .option(
      '--steps <n>',
      "in place of the config's steps; with --resume: train finished runs on, to so many steps",
      positiveInteger,
    )
    .option(
      '--out <folder>',
      'folder that holds .grain (default: that of the config; to resume: the nearest one, from here upwards)',
    )
    .option('--resume <run>', 'resume a run, or all unfinished runs of an experiment')
    .option(
      '--concurrency <n>',
      'train so many runs at a time, each in a process of its own that loads data and model for itself (default: that of the config, 1)',
      positiveInteger,
    )
    .option(
      '--ray <address>',
      "train each run as a task of the Ray cluster there, with the resources of the config's ray (default: 1 CPU, no GPU)",
    )
    .option(
      '--add-seeds <n>',
      "so many more seeds for CONFIG's latest experiment, besides what it lacks of its own",
      wholeNumber,
    )
    .option(
      '--checkpointing',
      'resume a transformer with less memory: slower, same results (as model.checkpointing)',
    )
    .addOption(
      new Option('--from <checkpoint>', 'resume from this checkpoint (default: last)').choices([
        'last',
        'best',
      ]),
    )
    .option(
      '--on-end <command>',
      'a shell runs this command at the end, for ten minutes at most, with GRAIN_EXPERIMENT, GRAIN_STATUS, GRAIN_FIGURES, GRAIN_VERDICT and GRAIN_FOLDER set',
    )
    .option('--json', 'print one JSON object on standard output')
    .addOption(progressOption())
    .action(async (config: string | undefined, options: RunOptions, command: Command) => {
      if ((config === undefined) === (options.resume === undefined)) {
        command.error('error: expected either CONFIG or --resume RUN', { exitCode: BAD_INPUT });
      }
      const given = (['seed', 'aggregate', 'addSeeds'] as const).find(
        (name) => options[name] !== undefined,
      );
      if (options.resume !== undefined && given) {
        const message = `error: --${given === 'addSeeds' ? 'add-seeds' : given} cannot be combined with --resume: a run keeps its settings`;
        command.error(message, { exitCode: BAD_INPUT });
      }
      if (options.checkpointing && options.resume === undefined) {
        const message =
          'error: --checkpointing requires --resume. In a config, set model.checkpointing: true.';
        command.error(message, { exitCode: BAD_INPUT });
      }
      if (options.from && options.resume === undefined) {
        command.error('error: --from requires --resume', { exitCode: BAD_INPUT });
      }
      process.exitCode = await run(config, options);
    });
}

/** @returns the exit status */
async function run(config: string | undefined, options: RunOptions): Promise<number> {
  const view = viewFor(options);
  try {
    const root = path.resolve(
      options.out ?? (config === undefined ? nearestRoot(process.cwd()) : path.dirname(config)),
    );
    const onLoading = view.loading.bind(view);
    const train = launchTrainer({ view, root, concurrency: options.concurrency, ray: options.ray });
    const parsed = config === undefined ? null : parsedFrom(config, options);
    let launch =
      parsed === null
        ? await launchResumed(options.resume!, root, options, onLoading)
        : options.addSeeds === undefined
          ? await launchTuned(parsed, root, {
              onLoading,
              note: view.note.bind(view),
              train,
            })
          : await launchAdded(parsed, { addSeeds: options.addSeeds }, root, onLoading);
    let report = await train(launch);
    // Of `seeds: auto`: more seeds until the experiment is settled, by the config as it was read.
    while (parsed !== null && missingSeeds(launch, report) > 0) {
      const addSeeds = missingSeeds(launch, report);
      view.note(`not settled yet: ${addSeeds} more seeds`);
      const { id: experiment } = report.experiment;
      launch = await launchAdded(parsed, { addSeeds, experiment }, root, onLoading);
      report = joined(report, await train(launch));
    }
    view.close();
    if (options.json) printJson(report);
    else console.log(reportText(report));
    if (options.onEnd) runOnEnd(options.onEnd, report, console.error);
    return exitStatusOf(report);
  } catch (error) {
    view.close();
    if (options.json) printJson(errorResult(error));
    if (error instanceof TuningStopped) {
      console.error(error.message);
      return STOPPED;
    }
    return reportError(error);
  }
}

/** 0 where nothing more is to be trained. */
function missingSeeds({ runs }: Launch, { runs: ended, findings, seconds }: Report): number {
  const plan = planOf(runs[0]!.manifest);
  const isStopped = ended.some(({ status }) => status === 'stopped');
  return plan === null || isStopped ? 0 : seedsToAdd(findings, plan, seconds);
}

/** Of an experiment and the seeds that were added to it. */
function joined(before: Report, after: Report): Report {
  return {
    ...after,
    seconds: before.seconds + after.seconds,
    runs: [...before.runs, ...after.runs],
  };
}

function collectSeeds(value: string, previous: readonly number[] = []): number[] {
  const seed = Number(value);
  if (/^\d+$/.test(value) && seed <= MAX_SEED) return withOneMore(previous, seed);
  throw new InvalidArgumentError(`Expected a whole number from 0 to ${MAX_SEED}.`);
}

function collectAggregators(value: string, previous: readonly string[] = []): string[] {
  if (aggregatorNames.some((name) => name === value)) return withOneMore(previous, value);
  throw new InvalidArgumentError(`Expected one of ${aggregatorNames.join(', ')}.`);
}

/** As in a config, no value may be repeated. */
function withOneMore<T>(previous: readonly T[], value: T): T[] {
  if (!previous.includes(value)) return [...previous, value];
  throw new InvalidArgumentError(`${value} is given twice. Expected each value once.`);
}

function wholeNumber(value: string): number {
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number.');
}

function positiveInteger(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number of at least 1.');
}
