import path from 'node:path';
import { type ConfigChange, configChanges } from '../../runs/configChanges.ts';
import { groupRuns, type NamedFacet } from '../../runs/facets.ts';
import { experimentKey } from '../../runs/identity.ts';
import { byCreation, bySeed } from '../../runs/order.ts';
import type { RunSummary } from '../../runs/store.ts';

/** By what the explorer can group. */
export const groupings = [
  'launch',
  'config',
  'method',
  'tag',
  'status',
] as const satisfies NamedFacet[];
export type Grouping = (typeof groupings)[number];

/** A line of the run explorer: a group, an experiment, one of its aggregators, or a run with one seed. */
export interface TreeNode {
  /** Stays the same over refreshes, so that selection and expansion do. */
  readonly id: string;
  readonly kind: 'group' | 'experiment' | 'aggregator' | 'run';
  /** `undefined` at the top. */
  readonly parent: string | undefined;
  readonly children: readonly string[];
  /** The runs below, or the run itself; at least one. */
  readonly runs: readonly RunSummary[];
  /** Of a group. */
  readonly label?: string;
  /** Of an experiment, what was changed in the config since its launch before; empty for the first one. */
  readonly changes?: readonly ConfigChange[];
  /** Of an experiment, whether another one was launched in the same minute. */
  readonly hasTwin?: boolean;
}

export interface RunTree {
  /** Ids at the top. */
  readonly roots: readonly string[];
  readonly nodes: ReadonlyMap<string, TreeNode>;
}

export const emptyTree: RunTree = { roots: [], nodes: new Map() };

/** @param folder of the run */
export function runNodeId(folder: string): string {
  return `run:${folder}`;
}

/** Compares experiments, or groups, by all their runs. */
type Compare = (a: readonly RunSummary[], b: readonly RunSummary[]) => number;

interface Options {
  /** Default: the latest first. */
  readonly order?: Compare | undefined;
  /** Above the experiments; `launch`, the default, adds no level, as each experiment is one. */
  readonly by?: Grouping;
  /** Of times, as BCP 47. */
  readonly locale?: string;
}

/** Group → experiment → aggregator (as first launched) → seed (ascending). */
export function buildTree(
  runs: readonly RunSummary[],
  { order, by = 'launch', locale = 'en' }: Options = {},
): RunTree {
  const nodes = new Map<string, TreeNode>();
  const launches = launchesOf(runs);
  const compare = order ?? ((a, b) => byCreation(b[0]!, a[0]!));
  if (by === 'launch') return { roots: experiments(runs, undefined), nodes };
  const groups = groupRuns(runs, [by], locale).sort((a, b) => compare(a.runs, b.runs));
  const roots = groups.map(({ key, label, runs: own }) => {
    const id = `group:${by}:${key}`;
    const children = experiments(own, id);
    nodes.set(id, { id, kind: 'group', parent: undefined, children, runs: own, label });
    return id;
  });
  return { roots, nodes };

  /** Adds the experiments of the runs, and below each those that tuned it. @returns the ids at their top */
  function experiments(all: readonly RunSummary[], parent: string | undefined): string[] {
    const byExperiment = Map.groupBy([...all].sort(byCreation), experimentKey);
    const tunings = Map.groupBy(
      [...byExperiment].filter(([, [first]]) => tunedKey(first!) !== null),
      ([, [first]]) => tunedKey(first!)!,
    );
    const own = [...byExperiment].filter(([, [first]]) => tunedKey(first!) === null);
    const roots = launched(own, parent, tunings);
    // Of experiments that have not begun, or are not shown.
    const others = [...tunings].filter(
      ([tuned]) => !own.some(([experiment]) => experiment === tuned),
    );
    return [...roots, ...others.map(([tuned, of]) => tuning(tuned, of, parent, false))].sort(
      (a, b) => compare(nodes.get(a)!.runs, nodes.get(b)!.runs),
    );
  }

  /** Adds one node for the experiments that tune another, perhaps below it. @returns its id */
  function tuning(
    tuned: string,
    of: readonly [string, readonly RunSummary[]][],
    parent: string | undefined,
    isBelow: boolean,
  ): string {
    const id = under(parent, `tuning:${tuned}`);
    const children = launched(of, id, new Map());
    const runs = of.flatMap(([, own]) => own);
    const { configPath } = runs[0]!.manifest;
    const label = isBelow ? 'learning rates tried' : `learning rates tried for ${configPath}`;
    nodes.set(id, { id, kind: 'group', parent, children, runs, label });
    return id;
  }

  function launched(
    all: readonly (readonly [string, readonly RunSummary[]])[],
    parent: string | undefined,
    tunings: ReadonlyMap<string, readonly [string, readonly RunSummary[]][]>,
  ): string[] {
    const sorted = [...all].sort(([, a], [, b]) => compare(a, b));
    return sorted.map(([experiment, own]) => {
      const id = under(parent, `experiment:${experiment}`);
      const aggregators = Map.groupBy(own, ({ manifest }) => manifest.aggregator);
      const children =
        by === 'method'
          ? seeds(own, id)
          : [...aggregators].map(([aggregator, of]) => {
              const aggregatorId = under(parent, `aggregator:${experiment}/${aggregator}`);
              const children = seeds(of, aggregatorId);
              const sorted = [...of].sort(bySeed);
              nodes.set(aggregatorId, {
                ...{ id: aggregatorId, kind: 'aggregator', parent: id },
                ...{ children, runs: sorted },
              });
              return aggregatorId;
            });
      const tuned = tunings.get(experiment);
      if (tuned) children.push(tuning(experiment, tuned, id, true));
      const launch = launches.get(experiment)!;
      nodes.set(id, { id, kind: 'experiment', parent, children, runs: own, ...launch });
      return id;
    });
  }

  function seeds(all: readonly RunSummary[], parent: string): string[] {
    return [...all].sort(bySeed).map((run) => {
      const id = runNodeId(run.folder);
      nodes.set(id, { id, kind: 'run', parent, children: [], runs: [run] });
      return id;
    });
  }
}

/** Of the experiment whose learning rates a run tunes; null for a run of an experiment in its own right. */
function tunedKey({ folder, manifest }: RunSummary): string | null {
  const { tunes } = manifest.experiment;
  return tunes === undefined ? null : path.join(path.dirname(folder), tunes);
}

/** The same experiment may be in several groups. */
function under(parent: string | undefined, id: string): string {
  return parent === undefined ? id : `${parent}/${id}`;
}

/** What each experiment changed of the config's launch before it, whichever runs are shown in a group. */
function launchesOf(
  runs: readonly RunSummary[],
): ReadonlyMap<string, Required<Pick<TreeNode, 'changes' | 'hasTwin'>>> {
  const byExperiment = Map.groupBy([...runs].sort(byCreation), experimentKey);
  const minutes = Map.groupBy(byExperiment.values(), ([first]) => minuteOf(first!));
  /** The latest run so far of each config. */
  const latest = new Map<string, RunSummary>();
  return new Map(
    [...byExperiment].map(([experiment, [first]]) => {
      const before = latest.get(configKey(first!))?.manifest.config;
      latest.set(configKey(first!), first!);
      const changes = before ? configChanges(before, first!.manifest.config) : [];
      return [experiment, { changes, hasTwin: minutes.get(minuteOf(first!))!.length > 1 }];
    }),
  );
}

function minuteOf({ manifest }: RunSummary): number {
  return Math.floor(Date.parse(manifest.createdAt) / 60_000);
}

/** Of the config file that a run was launched from. */
function configKey({ folder, manifest }: RunSummary): string {
  return path.join(path.dirname(folder), manifest.configPath);
}

/**
 * Nodes to redraw after a refresh: those whose children or look have changed; `'all'` if nodes at the top were added or
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
    const isMoved = old.parent !== node.parent;
    if (isMoved || !sameItems(old.children, node.children) || look(old) !== look(node)) {
      changed.push(node.id);
    }
  }
  return changed;
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
