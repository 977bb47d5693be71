import type { Command } from 'commander';
import { percent } from '../../runs/percent.ts';
import { RunStore } from '../../runs/store.ts';
import { type ListedRun, listed } from '../listing.ts';
import { figure, printJson, table } from '../output.ts';
import { rootOption } from '../root.ts';

export function addRunsCommand(program: Command): void {
  program
    .command('runs')
    .description('list runs, the latest last')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async ({ root, json }: { root?: string; json?: boolean }) => {
      const runs = (await new RunStore(root).list()).map(listed).sort(byCreation);
      if (json) printJson({ runs });
      else console.log(runs.length === 0 ? 'no runs here' : asTable(runs));
    });
}

function byCreation(a: ListedRun, b: ListedRun): number {
  return Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.id < b.id ? -1 : 1);
}

function asTable(runs: readonly ListedRun[]): string {
  const rows = runs.map(({ id, status, step, steps, validating, metric, createdAt }) => [
    id,
    status,
    `${step}/${steps}${validating === null ? '' : `, validating ${percent(validating)}`}`,
    metric ? `${metric.name} ${figure(metric.value)}` : '',
    createdAt.replace('T', ' ').replace(/\..*/, ''),
  ]);
  return table([['run', 'status', 'step', 'metric', 'created (UTC)'], ...rows]);
}
