import * as vscode from 'vscode';
import { formatLiveProgress, formatLoading, formatSeed } from '../../runs/format.ts';
import type { Loading } from '../../runs/loading.ts';
import { isActive } from '../../runs/status.ts';
import type { LocatedRun, WorkspaceRuns } from '../workspace/workspaceRuns.ts';

interface Followed {
  readonly title: string;
  /** The runs of the launch that exist so far. */
  readonly mine: () => readonly LocatedRun[];
  /** Fired before the first run begins. */
  readonly onLoading: vscode.Event<Loading>;
  /** Resolves when the process has exited. */
  readonly ended: Promise<unknown>;
  /** Called when the user presses cancel. */
  readonly cancel: () => void;
}

/** Shows a notification about a launch until its process exits or the user hides it. */
export function showProgress(
  runs: WorkspaceRuns,
  { title, mine, onLoading, ended, cancel }: Followed,
) {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancelled) => {
      let preparing = 'checking config and data';
      let shown = 0;
      const update = () => {
        const percent = 100 * shareDone(mine());
        const message = formatTraining(mine()) ?? preparing;
        // Without an increment the bar shows activity, not progress.
        if (percent === 0) return progress.report({ message });
        progress.report({ message, increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
      };
      const subscriptions = vscode.Disposable.from(
        runs.onDidChange(update),
        onLoading((loading) => {
          preparing = formatLoading(loading);
          update();
        }),
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

/** `undefined` while none is being trained: each run loads the model before its first step. */
function formatTraining(runs: readonly LocatedRun[]): string | undefined {
  const run = runs.find(({ status }) => status === 'running');
  if (!run) return undefined;
  const { aggregator, seed } = run.manifest;
  const ended = runs.filter(({ status }) => !isActive(status)).length;
  const place = runs.length > 1 ? ` (run ${ended + 1} of ${runs.length})` : '';
  return `${aggregator} · seed ${formatSeed(seed)} · step ${formatLiveProgress(run, Date.now())}${place}`;
}
