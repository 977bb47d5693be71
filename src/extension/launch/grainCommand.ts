import * as vscode from 'vscode';
import type { GrainCommand } from './grainProcess.ts';

/** The bundled `grain`, run by the Node of the settings or else by the one that runs this extension. */
export function grainCommand(extensionUri: vscode.Uri): GrainCommand {
  const chosen = vscode.workspace.getConfiguration('grain').get<string>('nodePath')?.trim();
  return {
    node: chosen || process.execPath,
    script: vscode.Uri.joinPath(extensionUri, 'dist', 'grain.js').fsPath,
  };
}
