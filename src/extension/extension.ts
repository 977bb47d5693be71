/**
 * The entry, which VS Code loads when it starts the extension: it only announces the commands of package.json. The workbench follows by
 * itself, what is used at times when it is first used.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Workbench } from './workbench.ts';

/** The part of package.json used here. */
interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

export function activate(context: vscode.ExtensionContext): void {
  const { extension, subscriptions } = context;
  const workbench = load(context);
  const { contributes } = extension.packageJSON as Manifest;
  for (const { command } of contributes.commands) {
    const run = async (clicked: unknown, selected: unknown) =>
      (await workbench).run(command, clicked, selected);
    subscriptions.push(vscode.commands.registerCommand(command, run));
  }
}

async function load(context: vscode.ExtensionContext): Promise<Workbench> {
  // An import that begins in this turn of the event loop ends before VS Code hears that the extension has started.
  await nextTurn();
  const { Workbench } = await import('./workbench.ts');
  const workbench = new Workbench(context);
  context.subscriptions.push(workbench);
  return workbench;
}
