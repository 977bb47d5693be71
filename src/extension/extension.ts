/**
 * The entry, which VS Code loads when it starts the extension: it only announces the commands of package.json. The workbench follows by
 * itself, what is used at times when it is first used.
 */
import * as vscode from 'vscode';

/** The part of package.json used here. */
interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

export function activate(context: vscode.ExtensionContext): void {
  const { extension, subscriptions } = context;
  const workbench = import('./workbench.ts').then(({ Workbench }) => {
    const loaded = new Workbench(context);
    subscriptions.push(loaded);
    return loaded;
  });
  const { contributes } = extension.packageJSON as Manifest;
  for (const { command } of contributes.commands) {
    const run = async (clicked: unknown, selected: unknown) =>
      (await workbench).run(command, clicked, selected);
    subscriptions.push(vscode.commands.registerCommand(command, run));
  }
}
