import * as vscode from 'vscode';
import type { RunPanelState, SelectRunMessage } from '../messages/common.ts';
import { seedWords } from '../workspace/words.ts';
import type { WebviewName } from './html.ts';
import type { PanelKind } from './panelGroup.ts';
import { RunContent, type RunMessages } from './runContent.ts';
import type { Services } from './services.ts';

/** A kind of panel that shows one run. */
export function runPanel<Show, Append>(
  name: WebviewName,
  title: string,
  messages: RunMessages<Show, Append>,
  { runs, feeds, selection }: Services,
): PanelKind<Show | Append, SelectRunMessage> {
  return {
    name,
    title: (runId) => {
      const run = runs.find(runId);
      return run ? `${title}: ${run.manifest.aggregator} ${seedWords(run.manifest.seed)}` : title;
    },
    subjectOf: (state) =>
      (state as Partial<RunPanelState> | undefined)?.runId ?? selection.current?.manifest.id ?? '',
    content: (runId, change) =>
      new RunContent({
        runs,
        feeds,
        messages,
        runId,
        locale: vscode.env.language,
        onSelect: change,
      }),
  };
}
