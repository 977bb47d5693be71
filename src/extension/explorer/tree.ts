import path from 'node:path';
import { type ConfigChange, configChanges } from '../../runs/configChanges.ts';
import { experimentKey } from '../../runs/identity.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import type { RunSummary } from '../../runs/store.ts';

/** A line of the run explorer: an experiment, one of its aggregators, or a run with one seed. */
export interface TreeNode {
  /** Stays the same over refreshes, so that selection and expansion do. */
  readonly id: string;
  readonly kind: 'experiment' | 'aggregator' | 'run';
  /** `undefined` for an experiment. */
  readonly parent: string | undefined;
  readonly children: readonly string[];
  /** The runs below, or the run itself; at least one. */
  readonly runs: readonly RunSummary[];
  /** Of an experiment, what was changed in the config since its launch before; empty for the first one. */
  readonly changes?: readonly ConfigChange[];
  /** Of an experiment, whether another one was launched in the same minute. */
  readonly hasTwin?: boolean;
}

export interface RunTree {
  /** Ids of the experiments, the latest first. */
  readonly roots: readonly string[];
  readonly nodes: ReadonlyMap<string, TreeNode>;
}

export const emptyTree: RunTree = { roots: [], nodes: new Map() };

/** @param folder of the run */
export function runNodeId(folder: string): string {
  return `run:${folder}`;
}

/** Compares experiments by all their runs. */
type Compare = (a: readonly RunSummary[], b: readonly RunSummary[]) => number;

/** Experiment → aggregator (as first launched) → seed (ascending). @param order of the experiments; default: the latest first */
export function buildTree(runs: readonly RunSummary[], order?: Compare): RunTree {
  const nodes = new Map<string, TreeNode>();
  const byExperiment = groupBy([...runs].sort(byCreation), experimentKey);
  const minutes = new Map<number, number>();
  for (const [, [first]] of byExperiment) {
    const minute = minuteOf(first!);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  /** The latest run so far of each config. */
  const latest = new Map<string, RunSummary>();
  for (const [experiment, ofExperiment] of byExperiment) {
    const config = configKey(ofExperiment[0]!);
    const before = latest.get(config)?.manifest.config;
    latest.set(config, ofExperiment[0]!);
    const id = `experiment:${experiment}`;
    const byAggregator = groupBy(ofExperiment, (run) => run.manifest.aggregator);
    const aggregators = [...byAggregator].map(([aggregator, ofAggregator]) => {
      const aggregatorId = `aggregator:${experiment}/${aggregator}`;
      const seeds = [...ofAggregator].sort(bySeed);
      for (const run of seeds) {
        const runId = runNodeId(run.folder);
        nodes.set(runId, {
          id: runId,
          kind: 'run',
          parent: aggregatorId,
          children: [],
          runs: [run],
        });
      }
      nodes.set(aggregatorId, {
        id: aggregatorId,
        kind: 'aggregator',
        parent: id,
        children: seeds.map((run) => runNodeId(run.folder)),
        runs: seeds,
      });
      return aggregatorId;
    });
    nodes.set(id, {
      id,
      kind: 'experiment',
      parent: undefined,
      children: aggregators,
      runs: ofExperiment,
      hasTwin: minutes.get(minuteOf(ofExperiment[0]!))! > 1,
      changes: before ? configChanges(before, ofExperiment[0]!.manifest.config) : [],
    });
  }
  const experiments = [...byExperiment].reverse();
  if (order) experiments.sort(([, a], [, b]) => order(a, b));
  const roots = experiments.map(([experiment]) => `experiment:${experiment}`);
  return { roots, nodes };
}

function minuteOf({ manifest }: RunSummary): number {
  return Math.floor(Date.parse(manifest.createdAt) / 60_000);
}

/** Of the config file that a run was launched from. */
function configKey({ folder, manifest }: RunSummary): string {
  return path.join(path.dirname(folder), manifest.configPath);
}

/**
 * Nodes to redraw after a refresh: those whose children or look have changed; `'all'` if experiments were added or
 * removed.
 *
 * @param look everything that is drawn of a node, as text
 */
export function changes(
  before: RunTree,
  after: RunTree,
  look: (node: TreeNode) => string,
): readonly string[] | 'all' {
  if (!sameItems(before.roots, after.roots)) return 'all';
  const changed: string[] = [];
  for (const node of after.nodes.values()) {
    const old = before.nodes.get(node.id);
    // A node that was added or removed is drawn with its parent, whose children have changed.
    if (!old) continue;
    if (!sameItems(old.children, node.children) || look(old) !== look(node)) changed.push(node.id);
  }
  return changed;
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
