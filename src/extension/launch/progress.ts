import * as vscode from 'vscode';
import { isLiving } from '../../runs/status.ts';
import { progressWords, seedWords } from '../runs/words.ts';
import type { LocatedRun, WorkspaceRuns } from '../runs/workspaceRuns.ts';

interface Followed {
  readonly title: string;
  /** The runs of the launch, as far as they exist already. */
  readonly mine: () => readonly LocatedRun[];
  /** Fulfilled when the process is gone. */
  readonly ended: Promise<unknown>;
  /** The user pressed cancel. */
  readonly cancel: () => void;
}

/** A notification about a launch until its process ends or the user hides it. */
export function showProgress(runs: WorkspaceRuns, { title, mine, ended, cancel }: Followed) {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancelled) => {
      let shown = 0;
      const update = () => {
        const percent = 100 * shareDone(mine());
        progress.report({ message: messageOf(mine()), increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
      };
      const subscriptions = vscode.Disposable.from(
        runs.onDidChange(update),
        cancelled.onCancellationRequested(cancel),
      );
      update();
      await ended;
      subscriptions.dispose();
    },
  );
}

function shareDone(runs: readonly LocatedRun[]): number {
  const steps = runs.reduce((sum, { manifest }) => sum + manifest.steps, 0);
  const done = runs.reduce((sum, { step }) => sum + step, 0);
  return steps === 0 ? 0 : done / steps;
}

function messageOf(runs: readonly LocatedRun[]): string {
  const run = runs.find(({ status }) => status === 'running');
  if (!run) return runs.length === 0 ? 'checking config and data' : 'starting';
  const { aggregator, seed } = run.manifest;
  const ended = runs.filter(({ status }) => !isLiving(status)).length;
  const place = runs.length > 1 ? ` (run ${ended + 1} of ${runs.length})` : '';
  return `${aggregator} · seed ${seedWords(seed)} · step ${progressWords(run)}${place}`;
}
