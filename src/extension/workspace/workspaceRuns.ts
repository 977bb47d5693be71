import { unwatchFile, watchFile } from 'node:fs';
import * as vscode from 'vscode';
import { RUNS_GLOB, runsFolder } from '../../runs/grainFolder.ts';
import { isActive } from '../../runs/status.ts';
import { RunStore, type RunSummary } from '../../runs/store.ts';
import { Disposable } from '../disposable.ts';
import { Polling } from './polling.ts';

/** How often the folder of runs is checked for changes. */
const FOLDER_MS = 2_000;
/** From the creation of a run's folder to that of its files. */
const CREATION_MS = 3_000;

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
 * The runs of all workspace folders as they are on disk. Polls twice a second while a run is active or expected, and
 * otherwise refreshes only when a file of a run changes.
 */
export class WorkspaceRuns extends Disposable {
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChange = this.#changed.event;

  readonly #log: vscode.LogOutputChannel;
  readonly #folders = new Map<string, WatchedFolder>();
  #runs: readonly LocatedRun[] = [];
  readonly #polling = this.register(
    new Polling({ read: () => this.#read(), isActive: () => this.active.length > 0 }),
  );
  #disposed = false;
  /** Resolves after the first refresh. */
  readonly ready: Promise<void>;

  constructor(log: vscode.LogOutputChannel) {
    super();
    this.#log = log;
    this.#watchFolders();
    this.register(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.#watchFolders();
        void this.refresh();
      }),
    );
    this.ready = this.refresh();
  }

  get all(): readonly LocatedRun[] {
    return this.#runs;
  }

  get active(): readonly LocatedRun[] {
    return this.#runs.filter(({ status }) => isActive(status));
  }

  /** The run in a folder. Its id would not do: a copied project has the same ids. */
  find(folder: string): LocatedRun | undefined {
    return this.#runs.find((run) => run.folder === folder);
  }

  /** Reads the runs from disk. A call during a refresh makes one more follow it. */
  refresh(): Promise<void> {
    return this.#polling.refresh();
  }

  /** Polls twice a second, whether a run is active or not, until the result is disposed. */
  expect(): vscode.Disposable {
    return this.#polling.expect();
  }

  override dispose(): void {
    this.#disposed = true;
    for (const { watcher } of this.#folders.values()) watcher.dispose();
    super.dispose();
  }

  async #read(): Promise<void> {
    const lists = await Promise.all([...this.#folders.values()].map((it) => this.#list(it)));
    if (this.#disposed) return;
    this.#runs = lists.flat();
    this.#changed.fire();
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
    const runs = runsFolder(root);
    // Without the heartbeat that a run's process writes every other second.
    const files = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(workspaceFolder, RUNS_GLOB),
    );
    const changed = () => this.#polling.changed();
    files.onDidCreate(changed);
    files.onDidChange(changed);
    files.onDidDelete(changed);
    // The watcher misses nested folders created at once, such as .grain/runs/x in a new workspace.
    const onCreated = () => {
      const expecting = this.expect();
      setTimeout(() => expecting.dispose(), CREATION_MS);
    };
    watchFile(runs, { interval: FOLDER_MS, persistent: false }, onCreated);
    const watcher = vscode.Disposable.from(files, { dispose: () => unwatchFile(runs, onCreated) });
    return { workspaceFolder, store: new RunStore(root), watcher };
  }
}
