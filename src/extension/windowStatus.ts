import * as vscode from 'vscode';
import { standingAlarms } from '../runs/alarms.ts';
import { formatLiveProgress, formatProgress, formatRun } from '../runs/format.ts';
import { isActive, isResumable } from '../runs/status.ts';
import { Disposable } from './disposable.ts';
import type { WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** The runs in VS Code's window: an item in the status bar, and the context keys that enable commands. */
export class WindowStatus extends Disposable {
  readonly #runs: WorkspaceRuns;
  readonly #item = this.register(
    vscode.window.createStatusBarItem('grain.status', vscode.StatusBarAlignment.Left),
  );
  readonly #contextKeys = new Map<string, boolean>();

  constructor(runs: WorkspaceRuns) {
    super();
    this.#runs = runs;
    this.#item.name = 'GRAIN';
    this.#item.command = 'grain.metrics.focus';
    this.register(
      runs.onDidChange(() => {
        this.#updateItem();
        this.#updateContextKeys();
      }),
    );
  }

  /** Visible only during training; a click opens the metrics view. */
  #updateItem(): void {
    const { active } = this.#runs;
    const run = active.find(({ status }) => status === 'running') ?? active[0];
    if (!run) {
      this.#item.hide();
      return;
    }
    const words = `${formatRun(run.manifest)} ${formatProgress(run)}`;
    const more = active.length > 1 ? `, ${active.length - 1} more to go` : '';
    const [alarm] = standingAlarms(run.alarms);
    const icon = alarm ? '$(warning)' : '$(loading~spin)';
    this.#item.text = `${icon} ${formatRun(run.manifest)} ${formatLiveProgress(run, Date.now())}`;
    this.#item.tooltip = `GRAIN is training ${words}${more}${alarm ? `. Alarm: ${alarm.message}` : ''}`;
    this.#item.backgroundColor = alarm
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.accessibilityInformation = { label: this.#item.tooltip };
    this.#item.show();
  }

  /** The `when` clauses of package.json use these keys. */
  #updateContextKeys(): void {
    const states = this.#runs.all.map(({ status }) => status);
    this.#setContext('grain.hasRuns', states.length > 0);
    this.#setContext('grain.running', states.some(isActive));
    this.#setContext('grain.resumable', states.some(isResumable));
    this.#setContext('grain.deletable', !states.every(isActive));
  }

  #setContext(key: string, value: boolean): void {
    if (this.#contextKeys.get(key) === value) return;
    this.#contextKeys.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
