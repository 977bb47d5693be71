import * as vscode from 'vscode';
import { standingAlarms } from '../runs/alarms.ts';
import {
  formatDuration,
  formatLiveProgress,
  formatNumber,
  formatProgress,
  formatRun,
} from '../runs/format.ts';
import { experimentKey } from '../runs/identity.ts';
import { isActive, isResumable } from '../runs/status.ts';
import { Disposable } from './disposable.ts';
import { Pace } from './pace.ts';
import type { LocatedRun, WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** The runs in VS Code's window: an item in the status bar, and the context keys that enable commands. */
export class WindowStatus extends Disposable {
  readonly #runs: WorkspaceRuns;
  readonly #item = this.register(
    vscode.window.createStatusBarItem('grain.status', vscode.StatusBarAlignment.Left),
  );
  readonly #contextKeys = new Map<string, boolean>();
  /** Of each experiment that is being trained. */
  readonly #paces = new Map<string, Pace>();

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
      this.#paces.clear();
      this.#item.hide();
      return;
    }
    const now = Date.now();
    const { rate, left } = this.#speed(run, now);
    const [alarm] = standingAlarms(run.alarms);
    const icon = alarm ? '$(warning)' : '$(loading~spin)';
    const progress = formatLiveProgress(run, now);
    this.#item.text = [`${icon} ${formatRun(run.manifest)} ${progress}`, left]
      .filter(Boolean)
      .join(' · ');
    const words = vscode.l10n.t(
      'GRAIN is training {0} {1}',
      formatRun(run.manifest),
      formatProgress(run),
    );
    const more = active.length > 1 ? vscode.l10n.t('{0} more to go', active.length - 1) : '';
    const facts = [words, more, rate, left].filter(Boolean).join(', ');
    const text = `${facts}${alarm ? vscode.l10n.t('. Alarm: {0}', alarm.message) : ''}`;
    this.#item.tooltip = tooltip(text);
    this.#item.accessibilityInformation = { label: text };
    this.#item.backgroundColor = alarm
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.show();
  }

  /** Steps per second, and the time until all runs of the run's experiment have ended; empty while not known. */
  #speed(run: LocatedRun, now: number): { rate: string; left: string } {
    const key = experimentKey(run);
    const own = this.#runs.all.filter((other) => experimentKey(other) === key);
    const pace = this.#paces.get(key) ?? new Pace();
    this.#paces.set(key, pace);
    pace.add(
      now,
      own.reduce((sum, { step }) => sum + step, 0),
    );
    const toGo = own
      .filter(({ status }) => isActive(status))
      .reduce((sum, { manifest, step }) => sum + manifest.steps - step, 0);
    const [perSecond, time] = [pace.perSecond, pace.timeFor(toGo)];
    return {
      rate: perSecond === null ? '' : vscode.l10n.t('{0} steps/s', formatNumber(perSecond, 2)),
      left: time === null ? '' : leftOf(own.filter(({ status }) => isActive(status)).length, time),
    };
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

/** "1 min 41 s left"; of the whole experiment, which is said where it is more than the run that is named. */
function leftOf(runs: number, time: number): string {
  const left = vscode.l10n.t('{0} left', formatDuration(time));
  return runs > 1 ? vscode.l10n.t('{0} for {1} runs', left, runs) : left;
}

/** With what can be done, as links. */
function tooltip(text: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.isTrusted = { enabledCommands: ['grain.metrics.focus', 'grain.stop'] };
  markdown.appendText(text);
  const [show, stop] = [vscode.l10n.t('Show metrics'), vscode.l10n.t('Stop')];
  markdown.appendMarkdown(
    `\n\n[${show}](command:grain.metrics.focus) · [${stop}](command:grain.stop)`,
  );
  return markdown;
}
