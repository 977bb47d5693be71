import * as vscode from 'vscode';
import { exists } from './files.ts';

const NAME = 'grain-example';
/** Config of an example that was made for a window which has yet to open. */
const TO_RUN = 'example.toRun';

interface Parts {
  readonly extensionUri: vscode.Uri;
  readonly memory: vscode.Memento;
  readonly run: (config: vscode.Uri) => unknown;
}

/** The example that the extension carries, with its data: copied into a folder of the user's, opened and run. */
export class Example {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    void this.#goOn();
  }

  /** In the first folder of the workspace or, if none is open, in a folder of the user's choice, which is then opened. */
  async try(): Promise<void> {
    const [open] = vscode.workspace.workspaceFolders ?? [];
    const parent = open?.uri ?? (await chooseParent());
    if (!parent) return;
    const folder = vscode.Uri.joinPath(parent, NAME);
    const config = vscode.Uri.joinPath(folder, 'grain.yaml');
    try {
      // One that the user has changed stays.
      if (!(await exists(config))) {
        const carried = vscode.Uri.joinPath(this.#parts.extensionUri, 'dist', 'example');
        await vscode.workspace.fs.copy(carried, folder);
      }
    } catch (error) {
      void vscode.window.showErrorMessage(
        vscode.l10n.t(
          'Cannot make {0}: {1}. Open a folder that can be written.',
          folder.fsPath,
          (error as Error).message,
        ),
      );
      return;
    }
    if (open) return this.#run(config);
    await this.#parts.memory.update(TO_RUN, config.toString());
    await vscode.commands.executeCommand('vscode.openFolder', folder);
  }

  /** In the window that was opened on the example's folder. */
  async #goOn(): Promise<void> {
    const { memory } = this.#parts;
    const saved = memory.get<string>(TO_RUN);
    const config = saved === undefined ? undefined : vscode.Uri.parse(saved);
    if (!config || !vscode.workspace.getWorkspaceFolder(config)) return;
    await memory.update(TO_RUN, undefined);
    await vscode.window.showTextDocument(config);
    if (vscode.workspace.isTrusted) return this.#run(config);
    const trusted = vscode.workspace.onDidGrantWorkspaceTrust(() => {
      trusted.dispose();
      void this.#run(config);
    });
  }

  async #run(config: vscode.Uri): Promise<void> {
    await vscode.window.showTextDocument(config);
    await this.#parts.run(config);
  }
}

async function chooseParent(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: vscode.l10n.t('Where should the folder {0} be made?', NAME),
    openLabel: vscode.l10n.t('Make the example here'),
  });
  return chosen?.[0];
}
