/** Config files of the workspace: found, chosen and written. */
import * as vscode from 'vscode';
import { CONFIG_PATTERN, isConfigFile } from './names.ts';

const IGNORED = '**/{node_modules,.git,.grain,dist}/**';

/** The one in the current editor first, then by path. */
export async function findConfigs(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(CONFIG_PATTERN, IGNORED);
  const current = vscode.window.activeTextEditor?.document.uri.toString();
  return found
    .filter((uri) => isConfigFile(uri.path))
    .sort(
      (a, b) =>
        Number(b.toString() === current) - Number(a.toString() === current) ||
        depth(a) - depth(b) ||
        a.path.localeCompare(b.path),
    );
}

/** Asks which of several; returns a single one without asking. `undefined` if the user cancels. */
export async function pickConfig(
  configs: readonly vscode.Uri[],
  title: string,
): Promise<vscode.Uri | undefined> {
  if (configs.length <= 1) return configs[0];
  const items = configs.map((uri) => ({
    label: vscode.workspace.asRelativePath(uri),
    iconPath: new vscode.ThemeIcon('beaker'),
    uri,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Which config?'),
  });
  return picked?.uri;
}

/** Writes a config to a new file of a workspace folder, and opens it. */
export async function writeConfig(folder: vscode.Uri, text: string): Promise<vscode.Uri> {
  const uri = await freeName(folder);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(uri);
  return uri;
}

export async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 1) {
    return vscode.window.showWorkspaceFolderPick({
      placeHolder: vscode.l10n.t('Create the config in which folder?'),
    });
  }
  if (folders.length === 0) {
    void vscode.window.showWarningMessage(vscode.l10n.t('Open a folder first.'));
  }
  return folders[0];
}

async function freeName(folder: vscode.Uri): Promise<vscode.Uri> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'grain.yaml' : `experiment-${number}.grain.yaml`;
    const uri = vscode.Uri.joinPath(folder, name);
    if (!(await exists(uri))) return uri;
  }
}

export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

function depth(uri: vscode.Uri): number {
  return uri.path.split('/').length;
}
