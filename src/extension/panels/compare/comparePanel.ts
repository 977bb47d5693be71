import * as vscode from 'vscode';
import { runsTold } from '../../../runs/format.ts';
import {
  type CompareRequest,
  type CompareShow,
  type CompareState,
  compareState,
} from '../../messages/compare.ts';
import type { PanelServices } from '../livePage.ts';
import type { PanelKind } from '../panelGroup.ts';
import { CompareContent } from './compareContent.ts';

/** Between the folders of a subject: no path has it. */
const SEPARATOR = '\n';

/** The subject of a panel that compares the runs in the folders, in whichever order they were chosen. */
export function comparison(folders: readonly string[]): string {
  return [...new Set(folders)].sort().join(SEPARATOR);
}

/** The kind of panel that compares any runs. */
export function comparePanel({
  runs,
  selection,
}: PanelServices): PanelKind<CompareShow, CompareRequest, CompareState> {
  return {
    name: 'compare',
    title: (subject) => {
      const found = foldersIn(subject).flatMap((folder) => runs.find(folder) ?? []);
      return found.length === 0
        ? vscode.l10n.t('Compare')
        : vscode.l10n.t('Compare: {0}', runsTold(found.map(({ manifest }) => manifest)));
    },
    state: compareState,
    subjectOf: (state) =>
      comparison(state?.folders ?? selection.selected.map(({ folder }) => folder)),
    content: (subject, _change, state) =>
      new CompareContent({
        runs,
        folders: () => foldersIn(subject()),
        state,
        locale: vscode.env.language,
      }),
  };
}

function foldersIn(subject: string): string[] {
  return subject.split(SEPARATOR).filter(Boolean);
}
