import * as vscode from 'vscode';
import { formatLoading } from '../../runs/format.ts';
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

/**
 * Shows a notification about a launch while it loads data and model; cancelling it starts nothing. From the first step on charts,
 * explorer and status bar show more, and a notification would lie on the charts.
 */
export function showProgress(
  runs: WorkspaceRuns,
  { title, mine, onLoading, ended, cancel }: Followed,
): Thenable<void> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancelled) => {
      progress.report({ message: vscode.l10n.t('checking config and data') });
      let hasBegun = () => {};
      const training = new Promise<void>((resolve) => {
        hasBegun = resolve;
      });
      const subscriptions = vscode.Disposable.from(
        runs.onDidChange(() => {
          if (mine().some(({ status, step }) => status === 'running' && step > 0)) hasBegun();
        }),
        onLoading((loading) => progress.report({ message: formatLoading(loading) })),
        cancelled.onCancellationRequested(() => {
          cancel();
          void vscode.window.showInformationMessage(cancelledText(mine()));
        }),
      );
      await Promise.race([training, ended]);
      subscriptions.dispose();
    },
  );
}

/** Cancelling is of the whole launch, which its button does not say. @param runs of the launch that exist */
function cancelledText(runs: readonly LocatedRun[]): string {
  const active = runs.filter(({ status }) => isActive(status));
  if (active.length === 0) {
    return vscode.l10n.t('The launch was cancelled before its first run began.');
  }
  const what =
    active.length === 1
      ? vscode.l10n.t('its run ends')
      : vscode.l10n.t('all its {0} runs end', active.length);
  return vscode.l10n.t(
    'The launch was cancelled: {0} as soon as possible, and can be resumed.',
    what,
  );
}
