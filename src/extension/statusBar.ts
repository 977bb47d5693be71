import * as vscode from 'vscode';
import { liveWords, progressWords, runWords } from './workspace/words.ts';
import type { WorkspaceRuns } from './workspace/workspaceRuns.ts';

/** One line about what is being trained, only while something is; a click opens the metrics. */
export function showInStatusBar(runs: WorkspaceRuns): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('grain.status', vscode.StatusBarAlignment.Left);
  item.name = 'GRAIN';
  item.command = 'grain.metrics.focus';
  const update = () => {
    const { living } = runs;
    const run = living.find(({ status }) => status === 'running') ?? living[0];
    if (!run) return item.hide();
    const words = `${runWords(run.manifest)} ${progressWords(run)}`;
    const more = living.length > 1 ? `, ${living.length - 1} more to go` : '';
    item.text = `$(loading~spin) ${runWords(run.manifest)} ${liveWords(run, Date.now())}`;
    item.tooltip = `GRAIN trains ${words}${more}`;
    item.accessibilityInformation = { label: item.tooltip };
    item.show();
  };
  return vscode.Disposable.from(item, runs.onDidChange(update));
}
