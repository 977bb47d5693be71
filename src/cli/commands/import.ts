import type { Command } from 'commander';
import { importRuns } from '../../experiment/importRuns.ts';
import { formatCount } from '../../runs/format.ts';
import { nearestRoot } from '../../runs/grainFolder.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';

interface Options {
  readonly root?: string;
  readonly name?: string;
  readonly method?: string;
  readonly loss?: string;
  readonly metric?: string;
  readonly json?: boolean;
}

const description = [
  'store runs of other tools, from the event files that they wrote for TensorBoard, to compare with them',
  'Each folder with event files is a run, and all of them one experiment. Its name says method and seed, as in "baseline_seed3". The training loss is the series train/loss or one named alike; all others are metrics, "eval/accuracy" as accuracy. A damaged file is refused with the place of the damage, and nothing is stored.',
].join('\n\n');

export function addImportCommand(program: Command): void {
  program
    .command('import')
    .summary('store runs that TensorBoard shows, to compare with them')
    .description(description)
    .argument('<folder>', 'the folder that tensorboard --logdir takes')
    .option('--name <name>', 'of the experiment (default: the name of the folder)')
    .option('--method <name>', 'of all runs (default: from the names of their folders)')
    .option('--loss <series>', 'the series of the training loss')
    .option('--metric <name>', 'the metric that ranks (default: accuracy or another known one)')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (folder: string, { root, json, ...options }: Options) => {
      const to = root ?? nearestRoot(process.cwd());
      const manifests = await importRuns(folder, { root: to, ...options });
      const runs = manifests.map(({ id, aggregator, seed }) => ({ id, aggregator, seed }));
      if (json) printJson({ experiment: manifests[0]!.experiment, runs });
      else {
        const ids = runs.map(({ id }) => `  ${id}`);
        console.log([`${formatCount(runs.length, 'run')} imported:`, ...ids].join('\n'));
      }
    });
}
