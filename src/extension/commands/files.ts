import path from 'node:path';
import * as vscode from 'vscode';
import type { Targets } from './targets.ts';

/** Opens what the run printed. */
export async function showOutput(targets: Targets, node: unknown): Promise<void> {
  const run = targets.shown(node);
  if (!run) return;
  const log = vscode.Uri.file(path.join(run.folder, 'output.log'));
  try {
    await vscode.window.showTextDocument(log);
  } catch {
    void vscode.window.showInformationMessage('The run has printed nothing yet.');
  }
}

/** Shows the run's folder in the system's file manager or, where VS Code runs in a browser, in the Explorer. */
export async function revealFolder(targets: Targets, node: unknown): Promise<void> {
  const run = targets.shown(node);
  if (!run) return;
  const far = vscode.env.uiKind === vscode.UIKind.Web || vscode.env.remoteName !== undefined;
  const command = far ? 'revealInExplorer' : 'revealFileInOS';
  await vscode.commands.executeCommand(command, vscode.Uri.file(path.join(run.folder, 'run.json')));
}
