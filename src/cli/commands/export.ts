import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { csvLines, writeParquet } from '../../runs/export/table.ts';
import { eventFileName, eventRecords } from '../../runs/export/tensorboard.ts';
import { formatCount } from '../../runs/format.ts';
import { rootOf } from '../../runs/grainFolder.ts';
import { resolveRuns } from '../../runs/reference.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { rootOption } from '../listing.ts';
import { forceOption, refuseToReplace } from '../replacing.ts';

const FORMATS = ['csv', 'parquet', 'tensorboard'] as const;

interface ExportOptions {
  readonly to: (typeof FORMATS)[number];
  readonly out?: string;
  readonly root?: string;
  readonly force?: boolean;
}

const description = [
  'write what runs have logged for other tools: losses, metrics, learning rates, weights, cosines',
  'csv and parquet have a row for each number, with the run, its method and seed, step, time and the name of the series. tensorboard writes a folder for each run, to be opened with `tensorboard --logdir OUT`.',
].join('\n\n');

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .summary('write runs for other tools: CSV, Parquet, TensorBoard')
    .description(description)
    .argument('<of...>', 'ids of runs or of experiments, or absolute paths of run folders')
    .addOption(new Option('--to <format>').choices(FORMATS).makeOptionMandatory())
    .option(
      '--out <path>',
      'a file or, for tensorboard, a folder (default: runs.csv, runs.parquet, tensorboard)',
    )
    .addOption(rootOption())
    .addOption(forceOption())
    .action(async (references: readonly string[], options: ExportOptions, command: Command) => {
      const { to, out, root, force } = options;
      const runs = await runsNamed(references, root);
      const target = out ?? (to === 'tensorboard' ? 'tensorboard' : `runs.${to}`);
      // TensorBoard's files have names of their own.
      if (to !== 'tensorboard') refuseToReplace(target, force, command);
      await write(runs, to, target);
      console.log(`${formatCount(runs.length, 'run')} in ${target}`);
    });
}

/** Each once. A reference that is an absolute path is that of a run's folder, in whichever project. */
async function runsNamed(
  references: readonly string[],
  root: string | undefined,
): Promise<RunSummary[]> {
  const stores = new Map<string | undefined, Promise<RunSummary[]>>();
  const listOf = (folder: string | undefined) => {
    const list = stores.get(folder) ?? new RunStore(folder).list();
    stores.set(folder, list);
    return list;
  };
  const found = new Map<string, RunSummary>();
  for (const reference of references) {
    const all = await listOf(path.isAbsolute(reference) ? rootOf(reference) : root);
    const named = all.filter(({ folder }) => folder === reference);
    const runs = named.length > 0 ? named : resolveRuns(all, reference);
    for (const run of runs) found.set(run.folder, run);
  }
  return [...found.values()];
}

/** Logs may be longer than memory: they are read as the files are written. */
async function write(
  runs: readonly RunSummary[],
  to: ExportOptions['to'],
  target: string,
): Promise<void> {
  mkdirSync(path.dirname(path.resolve(target)), { recursive: true });
  switch (to) {
    case 'csv':
      return pipeline(csvLines(runs), createWriteStream(target));
    case 'parquet':
      return writeParquet(target, runs);
    case 'tensorboard':
      for (const run of runs) {
        const folder = path.join(target, run.manifest.id);
        mkdirSync(folder, { recursive: true });
        const file = createWriteStream(path.join(folder, eventFileName(run)));
        await pipeline(eventRecords(run), file);
      }
  }
}
