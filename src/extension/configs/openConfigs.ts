import * as vscode from 'vscode';
import { ConfigError } from '../../config/diagnostic.ts';
import { parseConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import { experimentKey } from '../../runs/identity.ts';
import { latestFirst } from '../../runs/order.ts';
import { Disposable } from '../disposable.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';

/** The configs in the editors, and the runs of the last launch of each. */
export class OpenConfigs extends Disposable {
  readonly #runs: WorkspaceRuns;
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  /** A run has another state or another metric: while runs only take steps, nothing changes. */
  readonly onDidChange = this.#changed.event;
  /** Of each document as it was last valid: between two key strokes, what is shown should not come and go. */
  readonly #configs = new Map<string, Config>();
  #shown = '';

  constructor(runs: WorkspaceRuns) {
    super();
    this.#runs = runs;
    this.register(runs.onDidChange(() => this.#refresh()));
  }

  configIn(document: vscode.TextDocument): Config | undefined {
    const key = document.uri.toString();
    try {
      this.#configs.set(key, parseConfig(document.getText(), document.uri.fsPath).config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
    return this.#configs.get(key);
  }

  /** The runs of the latest launch of a config; empty if there was none. */
  lastLaunch({ fsPath }: vscode.Uri): readonly LocatedRun[] {
    const launched = this.#runs.all.filter(
      ({ manifest, workspaceFolder: { uri } }) =>
        vscode.Uri.joinPath(uri, manifest.configPath).fsPath === fsPath,
    );
    const [latest] = [...launched].sort(latestFirst);
    if (!latest) return [];
    return launched.filter((run) => experimentKey(run) === experimentKey(latest));
  }

  #refresh(): void {
    const shown = JSON.stringify(
      this.#runs.all.map(({ folder, status, lastMetric }) => [folder, status, lastMetric]),
    );
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
  }
}
