import * as vscode from 'vscode';
import type { FileRequest, SaveRequest } from '../messages/files.ts';

const NAMES: Record<SaveRequest['format'], string> = {
  png: vscode.l10n.t('PNG image'),
  svg: vscode.l10n.t('SVG image'),
  csv: vscode.l10n.t('CSV table'),
  md: vscode.l10n.t('Markdown table'),
};

/** Saves what a page made where the user wants it, or puts it on the clipboard. */
export async function keep(request: FileRequest): Promise<void> {
  if (request.type === 'copy') return vscode.env.clipboard.writeText(request.text);
  const { name, format, content } = request;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const file = `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.${format}`;
  const target = await vscode.window.showSaveDialog({
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, file) }),
    filters: { [NAMES[format]]: [format] },
  });
  if (!target) return;
  const bytes = Buffer.from(content, format === 'png' ? 'base64' : 'utf8');
  try {
    await vscode.workspace.fs.writeFile(target, bytes);
  } catch (error) {
    const { message } = error as Error;
    void vscode.window.showErrorMessage(
      vscode.l10n.t('Cannot save {0}: {1}', target.fsPath, message),
    );
  }
}
