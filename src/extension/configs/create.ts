import * as vscode from 'vscode';
import { templates } from './template.ts';

/** Writes a config from a template of the user's choice to a new file of the workspace and opens it. */
export async function createConfig(): Promise<void> {
  const folder = await chooseFolder();
  if (!folder) return;
  const template = await vscode.window.showQuickPick(templates, {
    title: 'Create config from template',
    placeHolder: 'What are the examples?',
  });
  if (!template) return;
  const uri = await freeName(folder.uri);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(template.text));
  await vscode.window.showTextDocument(uri);
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 1) {
    return vscode.window.showWorkspaceFolderPick({ placeHolder: 'Where should the config be?' });
  }
  if (folders.length === 0) void vscode.window.showWarningMessage('Open a folder first.');
  return folders[0];
}

async function freeName(folder: vscode.Uri): Promise<vscode.Uri> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'grain.yaml' : `experiment-${number}.grain.yaml`;
    const uri = vscode.Uri.joinPath(folder, name);
    try {
      await vscode.workspace.fs.stat(uri);
    } catch {
      return uri;
    }
  }
}
