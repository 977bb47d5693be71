import type { Command } from 'commander';
import { firstFew } from '../../config/diagnostic.ts';
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
      const store = new RunStore(root);
      const runs = (await store.listWatching()).sort(byCreation).map(listed);
      const { unreadable } = store;
      if (json) return printJson({ runs, unreadable });
      console.log(runs.length === 0 ? 'no runs here' : asTable(runs));
      if (unreadable.length > 0) console.error(notListed(unreadable));
    });
}

function notListed(folders: readonly string[]): string {
  return `Not listed, as their run.json is missing, damaged or of another format: ${firstFew(folders)}`;
}

/** Runs that tune an experiment are one row. */
function asTable(runs: readonly ListedRun[]): string {
  const tunings = Map.groupBy(runs, ({ experiment }) => experiment.tunes ?? null);
  tunings.delete(null);
  const own = runs.filter(({ experiment }) => experiment.tunes === undefined);
  const rows = [...[...tunings].map(([id, of]) => tuningRow(id!, of)), ...runRows(own)];
  const byTime = rows.sort((a, b) => a.at(-1)!.localeCompare(b.at(-1)!));
  return table([['run', 'status', 'step', 'metric', 'created (UTC)'], ...byTime]);
}

function tuningRow(tuned: string, runs: readonly ListedRun[]): string[] {
  const statuses = Map.groupBy(runs, ({ status }) => status);
  const counts = [...statuses].map(([status, of]) => `${of.length} ${status}`).join(', ');
  return [`${tuned}: tuning`, counts, '', '', timeOf(runs[0]!)];
}

function timeOf({ createdAt }: Pick<ListedRun, 'createdAt'>): string {
  return createdAt.replace('T', ' ').replace(/\..*/, '');
}

function runRows(runs: readonly ListedRun[]): string[][] {
  return runs.map(({ id, status, alarms, step, steps, validating, metric, createdAt }) => [
    id,
    formatStatus(status, alarms),
    `${step}/${steps}${validating === null ? '' : `, validating ${formatPercent(validating)}`}`,
    metric ? `${metric.name} ${figure(metric.value)}` : '',
    timeOf({ createdAt }),
  ]);
}
