import { lastKey } from '../../config/keyPath.ts';
import { finishedFigures } from '../../experiment/finishedFigures.ts';
import { standingAlarms } from '../../runs/alarms.ts';
import { formatChange } from '../../runs/configChanges.ts';
import { formatFailure } from '../../runs/failure.ts';
import {
  formatAlarm,
  formatCount,
  formatDuration,
  formatLastAndBest,
  formatPercent,
  formatProgress,
  formatSeed,
  formatStatus,
  formatTime,
} from '../../runs/format.ts';
import { overallStatus } from '../../runs/order.ts';
import type { RunStatus } from '../../runs/status.ts';
import { isActive, isResumable } from '../../runs/status.ts';
import type { RunSummary } from '../../runs/store.ts';
import type { TreeNode } from './tree.ts';

/** Everything that is drawn of a node. */
export interface NodeLabel {
  readonly label: string;
  readonly description: string;
  readonly status: RunStatus;
  /** What is wrong with a run: an alarm that stands, or a warning in its log. */
  readonly trouble: 'alarm' | 'warning' | null;
  /** "run active", "experiment resumable", "aggregator ended": which actions the menus offer. */
  readonly contextValue: string;
  /** What a screen reader says. */
  readonly spoken: string;
}

export function labelOf(node: TreeNode, locale: string): NodeLabel {
  const status = overallStatus(node.runs.map((run) => run.status));
  const label = nameOf(node, locale);
  const description = descriptionOf(node, status);
  const hasAlarm = node.runs.some(({ alarms }) => standingAlarms(alarms).length > 0);
  const hasWarning = node.runs.some(({ warned }) => warned !== null);
  return {
    label,
    description,
    status,
    trouble: hasAlarm ? 'alarm' : hasWarning ? 'warning' : null,
    contextValue: `${node.kind} ${actionsFor(node.runs)}`,
    // Of a warning, the row has an icon and the sentence.
    spoken: [
      node.kind === 'run' ? label : `${node.kind} ${label}`,
      ...(node.kind === 'run' && !hasAlarm && hasWarning ? ['with a warning'] : []),
      description,
    ].join(', '),
  };
}

/** The lines of a node's tooltip: names and values. @param guarantee of a run, what became of it; null if it is not known */
export function detailsOf(
  node: TreeNode,
  locale: string,
  now: number,
  guarantee: string | null = null,
): [string, string][] {
  const run = node.runs[0]!;
  const { manifest } = run;
  if (node.kind === 'group') return [['Runs', countByStatus(node.runs)]];
  if (node.kind !== 'run') {
    return [
      ['Config', manifest.configPath],
      ['Task', manifest.task],
      ['Groups', formatGroups(run)],
      ['Device', manifest.device.name],
      ['Runs', countByStatus(node.runs)],
      ...(node.changes ?? []).map((change): [string, string] => ['Changed', formatChange(change)]),
    ];
  }
  const details: [string, string][] = [
    ['State', formatStatus(run.status, run.alarms)],
    ...(manifest.steps === 0
      ? []
      : [['Step', `${run.step} of ${manifest.steps}`] satisfies [string, string]]),
    ...(manifest.command
      ? [['Program', manifest.command.join(' ')] satisfies [string, string]]
      : []),
  ];
  if (run.notes.note !== '') details.push(['Note', run.notes.note]);
  if (run.notes.tags.length > 0) details.push(['Tags', run.notes.tags.join(', ')]);
  for (const alarm of run.alarms) {
    details.push([alarm.clearedAt === null ? 'Alarm' : 'Past alarm', formatAlarm(alarm)]);
  }
  if (run.warned) {
    const { count, last } = run.warned;
    details.push(['Warning', count === 1 ? last : `${last} (the last of ${count})`]);
  }
  if (guarantee !== null) details.push(['Guarantee', guarantee]);
  if (run.validating !== null)
    details.push(['Validation', `${formatPercent(run.validating)} done`]);
  if (run.lastMetric) details.push(['Last metric', formatLastAndBest(run)]);
  if (run.startedAt !== null) {
    details.push(['Started', formatTime(run.startedAt, locale)]);
    const until = run.endedAt ?? (run.status === 'running' ? now : null);
    if (until !== null) details.push(['Duration', formatDuration(until - run.startedAt)]);
  }
  details.push(
    [
      'Seed',
      `init ${manifest.seed.init}, order ${manifest.seed.order}${manifest.seed.split === undefined ? '' : `, split ${manifest.seed.split}`}`,
    ],
    ['Groups', formatGroups(run)],
    ['Device', manifest.device.name],
    ['Config', manifest.configPath],
    ['Run', manifest.id],
  );
  if (run.failure) details.push(['Error', formatFailure(run.failure)]);
  return details;
}

function nameOf(node: TreeNode, locale: string): string {
  const { kind, runs, hasTwin = false } = node;
  const { manifest, notes } = runs[0]!;
  if (kind === 'group') return node.label ?? '';
  const isNamed = notes.name !== '' && runs.every((run) => run.notes.name === notes.name);
  if (kind === 'experiment') {
    const time = formatTime(Date.parse(manifest.createdAt), locale, hasTwin);
    return `${isNamed ? notes.name : manifest.experiment.name} · ${time}`;
  }
  if (kind === 'aggregator') return manifest.aggregator;
  return `seed ${formatSeed(manifest.seed)}${isNamed ? ` · ${notes.name}` : ''}`;
}

function descriptionOf({ kind, runs, changes = [] }: TreeNode, status: RunStatus): string {
  if (kind === 'run') return [formatMarks(runs), runState(runs[0]!)].filter(Boolean).join(' · ');
  const told = isOneMethod(kind, runs) ? formatResult(runs) : formatChanges(changes);
  const marks = kind === 'experiment' ? formatMarks(runs) : '';
  return [marks, told, groupState(runs, status)].filter(Boolean).join(' · ');
}

/** Whose seeds have a mean: an aggregator's, and a group's of runs with the same one and the same metric. */
function isOneMethod(kind: TreeNode['kind'], runs: readonly RunSummary[]): boolean {
  const methods = new Set(
    runs.map(({ manifest }) => `${manifest.experiment.id} ${manifest.aggregator}`),
  );
  return kind === 'aggregator' || (kind === 'group' && methods.size === 1);
}

/** "accuracy 0.835 ± 0.021"; empty before the first seed has finished. */
function formatResult(runs: readonly RunSummary[]): string {
  const figures = finishedFigures(runs);
  return figures === '' ? '' : `${runs[0]!.manifest.metric.name} ${figures}`;
}

/** "★ #baseline #long": what all of the runs have. */
function formatMarks(runs: readonly RunSummary[]): string {
  const [first, ...others] = runs.map(({ notes }) => notes);
  const tags = first!.tags.filter((tag) => others.every((notes) => notes.tags.includes(tag)));
  const star = runs.every(({ notes }) => notes.starred) ? ['★'] : [];
  return [...star, ...tags.map((tag) => `#${tag}`)].join(' ');
}

/** The launches of a config differ in their time and in what was changed in it. */
function formatChanges(changes: NonNullable<TreeNode['changes']>): string {
  const [first, ...others] = changes;
  if (!first) return '';
  const short = formatChange({ ...first, path: lastKey(first.path) });
  return short + (others.length > 0 ? ` and ${others.length} more` : '');
}

function runState(run: RunSummary): string {
  const unfinished = run.status !== 'finished' && run.status !== 'queued';
  const [alarm, ...others] = standingAlarms(run.alarms);
  const more = others.length > 0 ? ` (and ${formatCount(others.length, 'more alarm')})` : '';
  return [
    `${run.status}${alarm ? ', with an alarm' : ''}`,
    unfinished ? formatProgress(run) : '',
    formatLastAndBest(run),
    alarm ? `${alarm.message}${more}` : (run.warned?.last ?? ''),
  ]
    .filter(Boolean)
    .join(' · ');
}

function groupState(runs: readonly RunSummary[], status: RunStatus): string {
  const finished = runs.filter((run) => run.status === 'finished').length;
  const state =
    finished === runs.length ? `finished` : `${status} · ${finished} of ${runs.length} done`;
  const alarmed = runs.filter(({ alarms }) => standingAlarms(alarms).length > 0).length;
  if (alarmed > 0) return `${state} · ${alarmed} of ${runs.length} with an alarm`;
  const warned = runs.filter((run) => run.warned !== null).length;
  return warned > 0 ? `${state} · ${warned} of ${runs.length} with a warning` : state;
}

function countByStatus(runs: readonly RunSummary[]): string {
  const counts = new Map<RunStatus, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

function formatGroups({ manifest }: RunSummary): string {
  return `${manifest.groups.names.length} by ${manifest.groups.by}`;
}

function actionsFor(runs: readonly RunSummary[]): 'active' | 'resumable' | 'ended' {
  if (runs.some(({ status }) => isActive(status))) return 'active';
  return runs.some(({ status }) => isResumable(status)) ? 'resumable' : 'ended';
}
