import * as vscode from 'vscode';
import { isLiving, isResumable } from '../../runs/status.ts';
import type { RunSummary } from '../../runs/store.ts';
import { type Launcher, stopRuns } from '../launch/launcher.ts';
import { runWords } from '../workspace/words.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import type { Targets } from './targets.ts';

export async function stop(targets: Targets, node: unknown): Promise<void> {
  const fits = ({ status }: RunSummary) => isLiving(status);
  await stopRuns(await targets.chosenTogether(node, 'Stop what?', fits));
}

export async function resume(targets: Targets, launcher: Launcher, node: unknown): Promise<void> {
  const fits = ({ status }: RunSummary) => isResumable(status);
  for (const run of await targets.chosen(node, 'Resume which run?', fits)) {
    await launcher.resume(run);
  }
}

/** Asks first: what is deleted is gone. */
export async function deleteRuns(
  targets: Targets,
  runs: WorkspaceRuns,
  node: unknown,
): Promise<void> {
  const doomed = await targets.chosen(node, 'Delete which run?', (run) => !isLiving(run.status));
  const [first] = doomed;
  if (!first) return;
  const what = doomed.length === 1 ? runWords(first.manifest) : `${doomed.length} runs`;
  const answer = await vscode.window.showWarningMessage(
    `Delete ${what}?`,
    { modal: true, detail: 'Log, checkpoints and predictions are deleted for good.' },
    'Delete',
  );
  if (answer !== 'Delete') return;
  await runs.refresh();
  for (const { manifest } of doomed) {
    // One of them may have been resumed while the question was open.
    const run = runs.find(manifest.id);
    if (run && !isLiving(run.status)) await run.store.delete(manifest.id);
  }
  await runs.refresh();
}
