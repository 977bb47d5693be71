import * as vscode from 'vscode';
import type { RunExplorer } from '../explorer/runExplorer.ts';
import { latestFirst } from '../runs/order.ts';
import type { Selection } from '../runs/selection.ts';
import { runWords, timeWords } from '../runs/words.ts';
import type { LocatedRun, WorkspaceRuns } from '../runs/workspaceRuns.ts';

type Fits = (run: LocatedRun) => boolean;

/** Which runs a command is about. `node` is what VS Code hands to it: a node id if it was called on a line of the explorer. */
export class Targets {
  readonly #runs: WorkspaceRuns;
  readonly #selection: Selection;
  readonly #explorer: RunExplorer;

  constructor(runs: WorkspaceRuns, selection: Selection, explorer: RunExplorer) {
    this.#runs = runs;
    this.#selection = selection;
    this.#explorer = explorer;
  }

  /** The run to look at, unasked: of the line, of the selection, or else the one being trained or the latest. */
  shown(node: unknown): LocatedRun | undefined {
    if (typeof node !== 'string') return this.#selection.current;
    const below = this.#below(node);
    return below.find(({ status }) => status === 'running') ?? below[0];
  }

  /**
   * The runs to act on that fit: those of the line or of the selection. Where neither has any, all runs are candidates: a
   * single one is taken, else the user is asked for one.
   */
  async chosen(node: unknown, question: string, fits: Fits): Promise<LocatedRun[]> {
    if (typeof node === 'string') return this.#below(node).filter(fits);
    const selected = this.#selection.selected.filter(fits);
    if (selected.length > 0) return selected;
    const candidates = this.#runs.all.filter(fits);
    if (candidates.length <= 1) return candidates;
    const items = candidates.sort(latestFirst).map((run) => ({
      label: runWords(run.manifest),
      description: run.status,
      detail: timeWords(Date.parse(run.manifest.createdAt), vscode.env.language),
      run,
    }));
    const picked = await vscode.window.showQuickPick(items, { placeHolder: question });
    return picked ? [picked.run] : [];
  }

  #below(node: string): LocatedRun[] {
    const ids = this.#explorer.runsBelow(node);
    return ids.map((id) => this.#runs.find(id)).filter((run) => run !== undefined);
  }
}
