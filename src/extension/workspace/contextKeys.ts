import * as vscode from 'vscode';
import { isLiving, isResumable } from '../../runs/status.ts';
import type { WorkspaceRuns } from './workspaceRuns.ts';

/** Tells VS Code which commands make sense now, so that the palette offers no others. */
export function keepContextKeys(runs: WorkspaceRuns): vscode.Disposable {
  const known = new Map<string, boolean>();
  const set = (key: string, value: boolean) => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  return runs.onDidChange(() => {
    const states = runs.all.map(({ status }) => status);
    set('grain.hasRuns', states.length > 0);
    set('grain.running', states.some(isLiving));
    set('grain.resumable', states.some(isResumable));
    set('grain.deletable', !states.every(isLiving));
  });
}
