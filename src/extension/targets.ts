import * as vscode from 'vscode';
import { launchLabels } from '../runs/facets.ts';
import { formatMethod, formatMetric } from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { latestFirst } from '../runs/order.ts';
import type { RunExplorer } from './explorer/runExplorer.ts';
import type { Selection } from './workspace/selection.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

type Fits = (run: LocatedRun) => boolean;

const anyRun: Fits = () => true;

/** What a command does. @param target what it was called on: ids of nodes of the explorer, or the Uri of a config */
export type Action = (target: unknown) => unknown;

/** What a command was called on: VS Code hands over the line that was clicked and, if it is one of several selected, all of them. */
export function targetOf(clicked: unknown, selected: unknown): unknown {
  return isNodes(selected) ? selected : clicked;
}

/** Which runs a command acts on. `target` is its argument: ids of nodes if called on lines of the explorer. */
export class Targets {
  readonly #runs: WorkspaceRuns;
  readonly #selection: Selection;
  readonly #explorer: RunExplorer;

  constructor(runs: WorkspaceRuns, selection: Selection, explorer: RunExplorer) {
    this.#runs = runs;
    this.#selection = selection;
    this.#explorer = explorer;
  }

  /** The run to show, without asking: of the line, of the selection, or else the one being trained or the latest. */
  shown(target: unknown): LocatedRun | undefined {
    const below = this.#below(target);
    if (!below) return this.#selection.current;
    return below.find(({ status }) => status === 'running') ?? below[0];
  }

  /** All runs of the line, or else of the selection. */
  all(target: unknown): readonly LocatedRun[] {
    return this.#below(target) ?? this.#selection.selected;
  }

  /**
   * The runs to act on that fit: those of the line or of the selection. If there are none, the user is asked for one of
   * all runs that fit, unless there is only one.
   */
  async chosen(target: unknown, question: string, fits: Fits = anyRun): Promise<LocatedRun[]> {
    const named = this.#named(target, fits);
    if (named) return named;
    const runs = this.#runs.all.filter(fits).sort(latestFirst);
    const launches = launchLabels(this.#runs.all, vscode.env.language);
    return pick(
      question,
      runs.map((run) => ({
        label: formatMethod(run.manifest),
        detail: launches.get(experimentKey(run))!,
        runs: [run],
      })),
    );
  }

  /** As {@link chosen}, but the user is asked for an experiment, and gets all of its runs that fit. */
  async chosenTogether(
    target: unknown,
    question: string,
    fits: Fits = anyRun,
  ): Promise<LocatedRun[]> {
    const named = this.#named(target, fits);
    if (named) return named;
    const runs = this.#runs.all.filter(fits).sort(latestFirst);
    const experiments = new Map<string, LocatedRun[]>();
    for (const run of runs) {
      const key = experimentKey(run);
      experiments.set(key, [...(experiments.get(key) ?? []), run]);
    }
    const launches = launchLabels(this.#runs.all, vscode.env.language);
    return pick(
      question,
      [...experiments].map(([key, all]) => ({ label: launches.get(key)!, runs: all })),
    );
  }

  /** At least two runs: those of the lines or of the selection, or those that the user ticks. */
  async several(target: unknown, question: string): Promise<LocatedRun[]> {
    const named = this.#named(target, anyRun) ?? [];
    if (named.length > 1) return named;
    const all = [...this.#runs.all].sort(latestFirst);
    const launches = launchLabels(all, vscode.env.language);
    const items = all.map((run) => ({
      label: formatMethod(run.manifest),
      description: [launches.get(experimentKey(run)), run.status, formatMetric(run)]
        .filter(Boolean)
        .join(' · '),
      picked: named.includes(run),
      run,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: question,
      canPickMany: true,
      matchOnDescription: true,
    });
    return (picked ?? []).map(({ run }) => run);
  }

  #named(target: unknown, fits: Fits): LocatedRun[] | undefined {
    const below = this.#below(target);
    if (below) return below.filter(fits);
    const selected = this.#selection.selected.filter(fits);
    return selected.length > 0 ? selected : undefined;
  }

  /** `undefined` if the target is not in the explorer. */
  #below(target: unknown): LocatedRun[] | undefined {
    const nodes = typeof target === 'string' ? [target] : target;
    if (!isNodes(nodes)) return undefined;
    return this.#explorer.runsBelow(nodes).flatMap((folder) => this.#runs.find(folder) ?? []);
  }
}

function isNodes(target: unknown): target is readonly string[] {
  return Array.isArray(target) && target.length > 0 && target.every((id) => typeof id === 'string');
}

interface Choice {
  readonly label: string;
  readonly detail?: string;
  readonly runs: readonly LocatedRun[];
}

/** The runs of one choice; a single choice is returned without asking. */
async function pick(question: string, choices: readonly Choice[]): Promise<LocatedRun[]> {
  if (choices.length <= 1) return [...(choices[0]?.runs ?? [])];
  const items = choices.map(({ label, detail, runs }) => ({
    label,
    description: runs.length === 1 ? runs[0]!.status : vscode.l10n.t('{0} runs', runs.length),
    ...(detail !== undefined && { detail }),
    runs,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: question });
  return [...(picked?.runs ?? [])];
}
