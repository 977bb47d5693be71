import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { latestExperiment, runsOfConfig } from '../../experiment/experiments.ts';
import { fullReportOf } from '../../experiment/fullReport.ts';
import { reportMarkdown } from '../../experiment/reportMarkdown.ts';
import { RunReferenceError, resolveRuns } from '../../runs/reference.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { rootOption } from '../listing.ts';
import { printJson } from '../output.ts';

interface ReportOptions {
  readonly root?: string;
  readonly metric?: string;
  readonly json?: boolean;
}

const description = [
  'say what an experiment shows: a verdict in plain words, and its figures',
  'Without arguments, of the latest experiment; for a config, of its latest one. Several experiments or runs are taken together if they differ in method and seed alone, as several launches of a config do.',
  'Markdown on standard output. Runs that failed count as failures; those that have not finished are named.',
].join('\n\n');

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .summary('say what an experiment shows: a verdict, intervals and tests')
    .description(description)
    .argument('[of...]', 'a config, ids of experiments, or ids of runs')
    .option(
      '--metric <name>',
      'a metric of the validations (default: the one that ranks checkpoints)',
    )
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async (references: readonly string[], { root, metric, json }: ReportOptions) => {
      const report = await fullReportOf(await runsOf(references, root), metric);
      if (json) printJson(report);
      else console.log(reportMarkdown(report));
    });
}

/** @throws RunReferenceError if there are none */
async function runsOf(references: readonly string[], root?: string): Promise<RunSummary[]> {
  const [first] = references;
  if (first === undefined) return latestOf(await new RunStore(root).listWatching(), 'no runs here');
  if (references.length === 1 && /\.(ya?ml|json)$/.test(first) && existsSync(first)) {
    const none = `no runs of ${first} in ${root ?? path.dirname(path.resolve(first))}`;
    const runs = await runsOfConfig(path.resolve(first), root);
    return latestOf(runs, `${none}. Train some: grain run ${first}`);
  }
  const all = await new RunStore(root).listWatching();
  const runs = references.flatMap((reference) => resolveRuns(all, reference));
  return [...new Set(runs)];
}

function latestOf(runs: readonly RunSummary[], otherwise: string): RunSummary[] {
  const latest = latestExperiment(runs);
  if (latest.length === 0) throw new RunReferenceError(otherwise);
  return latest;
}
