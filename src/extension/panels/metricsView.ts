import * as vscode from 'vscode';
import { formatRun } from '../../runs/format.ts';
import { metricsMessages } from '../messages/metrics.ts';
import { CostContent } from './costContent.ts';
import { LivePage, type PanelServices } from './livePage.ts';
import { RunContent } from './runContent.ts';

/** The view in the bottom panel: the run selected in the explorer, or the one being trained. */
export class MetricsView implements vscode.WebviewViewProvider {
  readonly #services: PanelServices;
  readonly #onSelect: (run: string) => void;

  /** @param onSelect called with a run's folder when the user chooses it in the view */
  constructor(services: PanelServices, onSelect: (run: string) => void) {
    this.#services = services;
    this.#onSelect = onSelect;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { runs, feeds, selection } = this.#services;
    const shown = () => selection.current?.folder;
    const content = new CostContent(
      new RunContent({
        runs,
        feeds,
        messages: metricsMessages,
        shown,
        locale: vscode.env.language,
        onSelect: this.#onSelect,
      }),
      { runs, shown, feeds },
    );
    const page = new LivePage(view, 'metrics', content, this.#services);
    const describe = () => {
      const { current } = selection;
      view.description = current ? formatRun(current.manifest) : '';
    };
    const subscriptions = vscode.Disposable.from(
      page,
      runs.onDidChange(describe),
      selection.onDidChange(() => {
        describe();
        void page.update();
      }),
    );
    view.onDidDispose(() => subscriptions.dispose());
    describe();
  }
}
