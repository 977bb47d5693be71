import * as vscode from 'vscode';
import { isLiving } from '../../runs/status.ts';
import { latestFirst } from './order.ts';
import type { LocatedRun, WorkspaceRuns } from './workspaceRuns.ts';

/** The run that commands and the metrics view are about when none is named. */
export class Selection implements vscode.Disposable {
  readonly #runs: WorkspaceRuns;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #ids: readonly string[] = [];

  constructor(runs: WorkspaceRuns) {
    this.#runs = runs;
  }

  /** @param ids of the runs below what is selected in the explorer */
  set(ids: readonly string[]): void {
    this.#ids = ids;
    this.#changed.fire();
  }

  /** The selected runs that still exist. */
  get selected(): LocatedRun[] {
    return this.#ids.map((id) => this.#runs.find(id)).filter((run) => run !== undefined);
  }

  /** Of the selected runs, or else of all: the one being trained, or else the latest that has something to show. */
  get current(): LocatedRun | undefined {
    const { selected } = this;
    if (selected.length > 0) return foremost(selected);
    return foremost(this.#runs.all);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function foremost(runs: readonly LocatedRun[]): LocatedRun | undefined {
  const latest = [...runs].sort(latestFirst);
  return (
    runs.find(({ status }) => status === 'running') ??
    runs.find(({ status }) => isLiving(status)) ??
    latest.find(({ step }) => step > 0) ??
    latest[0]
  );
}
