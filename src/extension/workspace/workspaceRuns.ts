import { unwatchFile, watchFile } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { isLiving } from '../../runs/status.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';

/** While a process writes, the explorer is at most this old. */
const POLL_MS = 500;
/** Files change in bursts; one look after a burst is enough. */
const SETTLE_MS = 100;
/** How often the folder of runs is asked whether it has changed. */
const FOLDER_MS = 2_000;
/** From a run's folder being there to its files being there. */
const BIRTH_MS = 3_000;

/** A run and where it lives. */
export interface LocatedRun extends RunSummary {
  readonly workspaceFolder: vscode.WorkspaceFolder;
  readonly store: RunStore;
}

interface WatchedFolder {
  readonly workspaceFolder: vscode.WorkspaceFolder;
  readonly store: RunStore;
  readonly watcher: vscode.Disposable;
}

/**
 * The runs of all workspace folders as they are on disk. Looks twice a second while a process works on a run or somebody
 * expects one, and else only when a file of a run changes.
 */
export class WorkspaceRuns implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  readonly #log: vscode.LogOutputChannel;
  readonly #folders = new Map<string, WatchedFolder>();
  readonly #subscription: vscode.Disposable;
  #runs: readonly LocatedRun[] = [];
  #look: Promise<void> | undefined;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #expecting = 0;
  #disposed = false;
  /** Fulfilled after the first look. */
  readonly ready: Promise<void>;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#watchFolders();
    this.#subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      this.#watchFolders();
      void this.refresh();
    });
    this.ready = this.refresh();
  }

  get all(): readonly LocatedRun[] {
    return this.#runs;
  }

  get living(): readonly LocatedRun[] {
    return this.#runs.filter(({ status }) => isLiving(status));
  }

  find(id: string): LocatedRun | undefined {
    return this.#runs.find(({ manifest }) => manifest.id === id);
  }

  /** Looks at the disk now. A call during a look makes one more look follow it. */
  refresh(): Promise<void> {
    if (this.#look) {
      this.#lookAgain = true;
      return this.#look;
    }
    this.#look = this.#lookUntilSettled().finally(() => {
      this.#look = undefined;
      this.#schedule();
    });
    return this.#look;
  }

  /** Keeps looking twice a second, whether something runs or not, until the result is disposed. */
  expect(): vscode.Disposable {
    this.#expecting++;
    this.#schedule();
    return { dispose: () => this.#expecting-- };
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#folders.values()) watcher.dispose();
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async #lookUntilSettled(): Promise<void> {
    do {
      this.#lookAgain = false;
      const lists = await Promise.all([...this.#folders.values()].map((it) => this.#list(it)));
      if (this.#disposed) return;
      this.#runs = lists.flat();
      this.#changed.fire();
    } while (this.#lookAgain);
  }

  async #list({ workspaceFolder, store }: WatchedFolder): Promise<LocatedRun[]> {
    try {
      const summaries = await store.list();
      return summaries.map((summary) => ({ ...summary, workspaceFolder, store }));
    } catch (error) {
      this.#log.error(`Cannot list the runs of ${workspaceFolder.name}:`, error as Error);
      return [];
    }
  }

  #schedule(delay = POLL_MS): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    if (delay === SETTLE_MS || this.#expecting > 0 || this.living.length > 0) {
      this.#timer = setTimeout(() => void this.refresh(), delay);
    }
  }

  #watchFolders(): void {
    const present = new Map(
      (vscode.workspace.workspaceFolders ?? []).map((folder) => [folder.uri.fsPath, folder]),
    );
    for (const [root, { watcher }] of this.#folders) {
      if (present.has(root)) continue;
      watcher.dispose();
      this.#folders.delete(root);
    }
    for (const [root, workspaceFolder] of present) {
      if (!this.#folders.has(root)) this.#folders.set(root, this.#watch(root, workspaceFolder));
    }
  }

  #watch(root: string, workspaceFolder: vscode.WorkspaceFolder): WatchedFolder {
    const runs = path.join(root, '.grain', 'runs');
    // Not the sign of life that a run's process gives every other second.
    const files = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(workspaceFolder, '.grain/runs/{*,*/run.json,*/events.jsonl}'),
    );
    const settle = () => {
      if (!this.#look && this.living.length === 0) this.#schedule(SETTLE_MS);
    };
    files.onDidCreate(settle);
    files.onDidChange(settle);
    files.onDidDelete(settle);
    // The watcher misses folders made in one go, as .grain/runs/x in a fresh workspace is.
    const born = () => {
      const expecting = this.expect();
      setTimeout(() => expecting.dispose(), BIRTH_MS);
    };
    watchFile(runs, { interval: FOLDER_MS, persistent: false }, born);
    const watcher = vscode.Disposable.from(files, { dispose: () => unwatchFile(runs, born) });
    return { workspaceFolder, store: new RunStore(runs), watcher };
  }
}
