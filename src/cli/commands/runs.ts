import type { Command } from 'commander';
import { formatPercent, formatStatus } from '../../runs/format.ts';
import { byCreation } from '../../runs/order.ts';
import { RunStore } from '../../runs/store.ts';
import { type ListedRun, listed, rootOption } from '../listing.ts';
import { figure, printJson, table } from '../output.ts';

export function addRunsCommand(program: Command): void {
  program
    .command('runs')
    .description('list runs, latest last')
    .addOption(rootOption())
    .option('--json', 'print one JSON object')
    .action(async ({ root, json }: { root?: string; json?: boolean }) => {
      const runs = (await new RunStore(root).listWatching()).sort(byCreation).map(listed);
      if (json) printJson({ runs });
      else console.log(runs.length === 0 ? 'no runs here' : asTable(runs));
    });
}

function asTable(runs: readonly ListedRun[]): string {
  const rows = runs.map(({ id, status, alarms, step, steps, validating, metric, createdAt }) => [
    id,
    formatStatus(status, alarms),
    `${step}/${steps}${validating === null ? '' : `, validating ${formatPercent(validating)}`}`,
    metric ? `${metric.name} ${figure(metric.value)}` : '',
    createdAt.replace('T', ' ').replace(/\..*/, ''),
  ]);
  return table([['run', 'status', 'step', 'metric', 'created (UTC)'], ...rows]);
}
