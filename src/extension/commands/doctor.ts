import { spawn } from 'node:child_process';
import * as vscode from 'vscode';
import { grainCommand } from '../launch/grainCommand.ts';

/** Prints what can train here, as `grain doctor` sees it, to the output channel. */
export async function doctor(
  extensionUri: vscode.Uri,
  output: vscode.OutputChannel,
): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const { node, script } = grainCommand(extensionUri);
  // Runs start in the workspace as well: packages that are installed there are theirs.
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  output.clear();
  output.show(true);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'GRAIN doctor' },
    () =>
      new Promise<void>((resolve) => {
        const child = spawn(node, [script, 'doctor'], {
          cwd,
          env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
          windowsHide: true,
        });
        child.stdout.on('data', (text) => output.append(String(text)));
        child.stderr.on('data', (text) => output.append(String(text)));
        child.once('error', (error) => {
          output.appendLine(`${node} does not start: ${error.message}`);
          resolve();
        });
        child.once('close', () => resolve());
      }),
  );
}
