/** `grain work`: what `grain run` starts, here or on another machine, for one run whose folder exists. */
import { type Command, Option } from 'commander';
import { launchHandedOver } from '../../experiment/resume.ts';
import { trainRun } from '../../experiment/trainRuns.ts';
import { nearestRoot } from '../../runs/grainFolder.ts';
import { errorResult, FAILED, OK, reportError, STOPPED } from '../exit.ts';
import { onInterruption } from '../interruption.ts';
import { printJson } from '../output.ts';
import { type ProgressOption, progressOption, viewFor } from '../progress/choice.ts';

interface WorkOptions extends ProgressOption {
  readonly root?: string;
  readonly token?: string;
  readonly from?: 'last' | 'best';
}

const statuses = { finished: OK, stopped: STOPPED, failed: FAILED } as const;

export function addWorkCommand(program: Command): void {
  program
    .command('work', { hidden: true })
    .description(
      'train one run whose folder exists, from where it is to its end; if it cannot begin, standard output gets {"error": {"message"}}',
    )
    .argument('<run>', 'id of the run')
    .option('--root <folder>', 'folder that holds .grain (default: the nearest one)')
    .option('--token <token>', 'of the process that owns the run and hands it over')
    .addOption(new Option('--from <checkpoint>').choices(['last', 'best']))
    .addOption(progressOption())
    .action(async (id: string, options: WorkOptions) => {
      process.exitCode = await work(id, options);
    });
}

async function work(
  id: string,
  { root = nearestRoot(process.cwd()), token, from, ...options }: WorkOptions,
): Promise<number> {
  const view = viewFor(options);
  try {
    const launch = await launchHandedOver(id, root, { token, from }, view.loading.bind(view));
    const { trainer, runs, owned } = launch;
    try {
      const isInterrupted = onInterruption(() => view.note('stopping, with a checkpoint'));
      view.created(trainer, runs);
      const { status } = await trainRun(trainer, runs[0]!, {
        onEvent: view.event.bind(view),
        owned,
        isInterrupted,
      });
      return statuses[status];
    } finally {
      owned.releaseAll();
      await trainer.close();
    }
  } catch (error) {
    printJson(errorResult(error));
    return reportError(error);
  } finally {
    view.close();
  }
}
