import type * as vscode from 'vscode';
import type { Selection } from '../workspace/selection.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import type { RunFeeds } from './runFeeds.ts';

/** What panels are made of. */
export interface Services {
  readonly extensionUri: vscode.Uri;
  readonly runs: WorkspaceRuns;
  readonly selection: Selection;
  readonly feeds: RunFeeds;
  readonly log: vscode.LogOutputChannel;
}
