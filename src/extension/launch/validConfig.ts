import * as vscode from 'vscode';
import { parseConfig } from '../../config/parse.ts';
import type { Config } from '../../config/schema.ts';
import type { ConfigProblems } from '../configs/problems.ts';

interface ValidConfig {
  readonly config: Config;
  /** Of the workspace. */
  readonly folder: vscode.WorkspaceFolder;
}

/**
 * A config that can be run: it is saved first.
 * @returns undefined if the config contains mistakes or is not in a folder; the user is told
 */
export async function validConfig(
  config: vscode.Uri,
  problems: ConfigProblems,
): Promise<ValidConfig | undefined> {
  const folder = vscode.workspace.getWorkspaceFolder(config);
  if (!folder) {
    void vscode.window.showErrorMessage(
      vscode.l10n.t('The config is not in a folder of this workspace.'),
    );
    return undefined;
  }
  const document = await vscode.workspace.openTextDocument(config);
  if (document.isDirty) await document.save();
  const mistake = problems.check(document);
  if (!mistake) return { config: parseConfig(document.getText(), config.fsPath).config, folder };
  await showMistake(mistake.message, new vscode.Location(config, mistake.range));
  return undefined;
}

export async function showMistake(message: string, { uri, range }: vscode.Location): Promise<void> {
  const file = vscode.workspace.asRelativePath(uri);
  const { line, character } = range.start;
  // VS Code shows a notification on one line.
  const text = `${file}:${line + 1}:${character + 1}: ${message.replaceAll(/\n\s*/g, '; ')}`;
  const answer = await vscode.window.showErrorMessage(text, vscode.l10n.t('Open problem'));
  if (answer) await vscode.window.showTextDocument(uri, { selection: range });
}
