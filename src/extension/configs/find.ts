import * as vscode from 'vscode';
import { isConfigFile } from './names.ts';

const PATTERN = '**/{grain,*.grain}.{yaml,yml,json}';
const IGNORED = '**/{node_modules,.git,.grain,dist}/**';

/** The workspace's configs: the one in the current editor first, then by path. */
export async function findConfigs(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(PATTERN, IGNORED);
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

interface ConfigItem extends vscode.QuickPickItem {
  readonly uri: vscode.Uri;
}

/** Asks which of several; the only one is taken unasked. `undefined` if the user changes their mind. */
export async function pickConfig(configs: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  if (configs.length <= 1) return configs[0];
  const items = configs.map(
    (uri): ConfigItem => ({
      label: vscode.workspace.asRelativePath(uri),
      iconPath: new vscode.ThemeIcon('beaker'),
      uri,
    }),
  );
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Run GRAIN fine-tune',
    placeHolder: 'Which config?',
  });
  return picked?.uri;
}

function depth(uri: vscode.Uri): number {
  return uri.path.split('/').length;
}
