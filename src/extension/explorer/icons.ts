import * as vscode from 'vscode';
import type { RunStatus } from '../../runs/status.ts';
import type { TreeNode } from './tree.ts';

const byStatus: Record<RunStatus, { readonly icon: string; readonly color: string }> = {
  queued: { icon: 'circle-outline', color: 'descriptionForeground' },
  running: { icon: 'loading~spin', color: 'charts.blue' },
  finished: { icon: 'pass-filled', color: 'charts.green' },
  stopped: { icon: 'stop-circle', color: 'descriptionForeground' },
  failed: { icon: 'error', color: 'list.errorForeground' },
  interrupted: { icon: 'debug-disconnect', color: 'list.warningForeground' },
};

/** A run's icon is its state; an experiment or aggregator keeps its own shape and takes the colour. */
export function iconOf(kind: TreeNode['kind'], status: RunStatus): vscode.ThemeIcon {
  const { icon, color } = byStatus[status];
  const shape = { experiment: 'beaker', aggregator: 'git-merge', run: icon }[kind];
  return new vscode.ThemeIcon(shape, new vscode.ThemeColor(color));
}
