import * as vscode from 'vscode';
import { launchLabels } from '../../runs/facets.ts';
import { experimentKey } from '../../runs/identity.ts';
import type { GrainCommand } from '../launch/grainProcess.ts';
import {
  type PredictionsReply,
  type PredictionsRequest,
  type PredictionsState,
  predictionsState,
} from '../messages/predictions.ts';
import type { PanelServices } from './livePage.ts';
import type { PanelKind } from './panelGroup.ts';
import { PredictionsContent } from './predictionsContent.ts';

/** The kind of panel that shows what the runs of one experiment predict, example by example. */
export function predictionsPanel(
  { runs, selection }: PanelServices,
  grain: () => GrainCommand,
): PanelKind<PredictionsReply, PredictionsRequest, PredictionsState> {
  return {
    name: 'predictions',
    title: (experimentId) => {
      const launch = launchLabels(runs.all, vscode.env.language).get(experimentId);
      return launch === undefined
        ? vscode.l10n.t('Predictions')
        : vscode.l10n.t('Predictions: {0}', launch);
    },
    state: predictionsState,
    subjectOf: (state) =>
      state?.experimentId ?? (selection.current ? experimentKey(selection.current) : ''),
    content: (experimentId, change, state) =>
      new PredictionsContent({
        runs,
        grain: () => (vscode.workspace.isTrusted ? grain() : undefined),
        experimentId,
        change,
        state,
        locale: vscode.env.language,
      }),
  };
}
