import * as vscode from 'vscode';
import { formatExperiment, formatRun, formatTime } from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { latestFirst } from '../runs/order.ts';
import type { RunExplorer } from './explorer/runExplorer.ts';
import type { Selection } from './workspace/selection.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

type Fits = (run: LocatedRun) => boolean;

/** Which runs a command acts on. `node` is the argument of the command: a node id if called on a line of the explorer. */
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
  shown(node: unknown): LocatedRun | undefined {
    if (typeof node !== 'string') return this.#selection.current;
    const below = this.#below(node);
    return below.find(({ status }) => status === 'running') ?? below[0];
  }

  /**
   * The runs to act on that fit: those of the line or of the selection. If there are none, the user is asked for one of
   * all runs that fit, unless there is only one.
   */
  async chosen(node: unknown, question: string, fits: Fits): Promise<LocatedRun[]> {
    const named = this.#named(node, fits);
    if (named) return named;
    const runs = this.#runs.all.filter(fits).sort(latestFirst);
    return pick(
      question,
      runs.map((run) => ({ label: formatRun(run.manifest), runs: [run] })),
    );
  }

  /** As {@link chosen}, but the user is asked for an experiment, and gets all of its runs that fit. */
  async chosenTogether(node: unknown, question: string, fits: Fits): Promise<LocatedRun[]> {
    const named = this.#named(node, fits);
    if (named) return named;
    const runs = this.#runs.all.filter(fits).sort(latestFirst);
    const experiments = new Map<string, LocatedRun[]>();
    for (const run of runs) {
      const key = experimentKey(run);
      experiments.set(key, [...(experiments.get(key) ?? []), run]);
    }
    return pick(
      question,
      [...experiments.values()].map((all) => ({
        label: formatExperiment(all[0]!.manifest, vscode.env.language),
        runs: all,
      })),
    );
  }

  #named(node: unknown, fits: Fits): LocatedRun[] | undefined {
    if (typeof node === 'string') return this.#below(node).filter(fits);
    const selected = this.#selection.selected.filter(fits);
    return selected.length > 0 ? selected : undefined;
  }

  #below(node: string): LocatedRun[] {
    const folders = this.#explorer.runsBelow(node);
    return folders.map((folder) => this.#runs.find(folder)).filter((run) => run !== undefined);
  }
}

interface Choice {
  readonly label: string;
  readonly runs: readonly LocatedRun[];
}

/** The runs of one choice; a single choice is returned without asking. */
async function pick(question: string, choices: readonly Choice[]): Promise<LocatedRun[]> {
  if (choices.length <= 1) return [...(choices[0]?.runs ?? [])];
  const items = choices.map(({ label, runs }) => ({
    label,
    description: runs.length === 1 ? runs[0]!.status : `${runs.length} runs`,
    detail: formatTime(Date.parse(runs[0]!.manifest.createdAt), vscode.env.language),
    runs,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: question });
  return [...(picked?.runs ?? [])];
}
