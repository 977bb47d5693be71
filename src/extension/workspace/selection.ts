import * as vscode from 'vscode';
import { latestFirst } from '../../runs/order.ts';
import { isActive } from '../../runs/status.ts';
import { Disposable } from '../disposable.ts';
import type { LocatedRun, WorkspaceRuns } from './workspaceRuns.ts';

/** Which run commands and the metrics view refer to when none is named. */
export class Selection extends Disposable {
  readonly #runs: WorkspaceRuns;
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;
  #folders: () => readonly string[] = () => [];

  constructor(runs: WorkspaceRuns) {
    super();
    this.#runs = runs;
  }

  /**
   * What is selected in the explorer from now on.
   *
   * @param folders of the runs below, asked for whenever they matter
   */
  follow(folders: () => readonly string[]): void {
    this.#folders = folders;
    this.#changed.fire();
  }

  /** The selected runs that still exist. */
  get selected(): LocatedRun[] {
    return this.#folders()
      .map((folder) => this.#runs.find(folder))
      .filter((run) => run !== undefined);
  }

  /** Of the selected runs, or of all if none is selected: the one being trained, or else the latest with a step. */
  get current(): LocatedRun | undefined {
    const { selected } = this;
    if (selected.length > 0) return foremost(selected);
    return foremost(this.#runs.all);
  }
}

function foremost(runs: readonly LocatedRun[]): LocatedRun | undefined {
  const latest = [...runs].sort(latestFirst);
  return (
    runs.find(({ status }) => status === 'running') ??
    runs.find(({ status }) => isActive(status)) ??
    latest.find(({ step }) => step > 0) ??
    latest[0]
  );
}
