import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { ProbeError, probeOf } from '../../experiment/probe/probe.ts';
import { type ProbedRun, readProbedRuns } from '../../experiment/probe/probedRun.ts';
import { formatProbe } from '../../experiment/probe/text.ts';
import { trainProbe } from '../../experiment/probe/train.ts';
import type { RunEvent } from '../../runs/events.ts';
import { RunStore } from '../../runs/store.ts';
import type { TrainingRun } from '../../training/trainingLoop.ts';
import { BAD_INPUT, errorResult, OK, reportError, STOPPED } from '../exit.ts';
import { onInterruption } from '../interruption.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';
import { type ProgressOption, progressOption, viewFor } from '../progress/choice.ts';
import { MESSAGE_MS, send } from '../progress/lines.ts';

interface ProbeOptions extends ProgressOption {
  readonly root?: string;
  readonly json?: boolean;
}

const summary = 'say which aggregators are worth their seeds for a config';

const description = [
  summary,
  'Trains the mean of CONFIG for 150 steps, or as many as it asks for if those are fewer, with its first three seeds. The runs are temporary: nothing is written beside the config. From their Gram matrices follows what other aggregators would have done: how often groups conflict, how short the shortest vector is, which groups it silences. The advice is drawn from measured runs and can be wrong; docs/probe.md says how often it was.',
  'RUN, a run of the mean by any trainer whose log has Gram matrices, is evaluated with the other seeds of its experiment; nothing is trained.',
  'Ctrl-C (or SIGTERM) ends a probe without an answer.',
  'Exit status: 0 done, 1 a run failed, 2 mistakes in the command line, config or data, or a run that cannot be evaluated, 130 stopped.',
].join('\n\n');

export function addProbeCommand(program: Command): void {
  program
    .command('probe')
    .summary(summary)
    .description(description)
    .argument(
      '<config or run>',
      'a grain.yaml or grain.json, or the id of a run or the start of one',
    )
    .addOption(rootOption())
    .option('--json', 'print one JSON object on standard output')
    .addOption(progressOption())
    .action(async (subject: string, options: ProbeOptions) => {
      process.exitCode = await probe(subject, options);
    });
}

/** @returns the exit status */
async function probe(subject: string, options: ProbeOptions): Promise<number> {
  try {
    const runs = isConfig(subject)
      ? await train(subject, options)
      : await readProbedRuns(await new RunStore(options.root).list(), subject);
    if (runs === null) return STOPPED;
    const found = probeOf(runs);
    if (options.json) printJson(found);
    else console.log(formatProbe(found));
    return OK;
  } catch (error) {
    if (options.json) printJson(errorResult(error));
    const status = reportError(error);
    return error instanceof ProbeError ? BAD_INPUT : status;
  }
}

function isConfig(subject: string): boolean {
  return existsSync(subject) || /\.(ya?ml|json)$/.test(subject);
}

async function train(config: string, options: ProbeOptions): Promise<ProbedRun[] | null> {
  const view = viewFor(options);
  const report = options.progress === 'ipc' ? stepReporter() : () => {};
  let runs: readonly TrainingRun[] = [];
  // While loading, there is nothing to end in good order: a signal kills.
  let isInterrupted = () => false;
  try {
    return await trainProbe(config, {
      isInterrupted: () => isInterrupted(),
      onLoading: view.loading.bind(view),
      onCreated: (trainer, created) => {
        runs = created;
        isInterrupted = onInterruption(() => view.note('stopping'));
        view.created(trainer, runs);
      },
      onEvent: (run, event) => {
        view.event(run, event);
        report(runs, run, event);
      },
    });
  } finally {
    view.close();
  }
}

/** Sends the program that started this process how far the probe is. */
function stepReporter() {
  let sentAt = Number.NEGATIVE_INFINITY;
  return (runs: readonly TrainingRun[], run: TrainingRun, event: RunEvent): void => {
    const now = performance.now();
    if (event.kind !== 'step' || now - sentAt < MESSAGE_MS) return;
    sentAt = now;
    const { steps } = run.manifest;
    send({ probing: { step: runs.indexOf(run) * steps + event.step, steps: runs.length * steps } });
  };
}
