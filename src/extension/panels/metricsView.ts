import * as vscode from 'vscode';
import { EventTail } from '../../runs/tail.ts';
import { runWords } from '../workspace/words.ts';
import { CostContent } from './costContent.ts';
import { pageOf, webviewOptions } from './html.ts';
import { LivePage } from './livePage.ts';
import { metricsMessages } from './metrics.ts';
import { RunContent } from './runContent.ts';
import type { Services } from './services.ts';
import { surfaceOfView } from './surface.ts';

/** The view at the bottom: the run that is selected in the explorer, or the one being trained. */
export class MetricsView implements vscode.WebviewViewProvider {
  readonly #services: Services;
  readonly #onSelect: (runId: string) => void;

  /** @param onSelect the user chose a run in the view */
  constructor(services: Services, onSelect: (runId: string) => void) {
    this.#services = services;
    this.#onSelect = onSelect;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { extensionUri, runs, feeds, selection, log } = this.#services;
    const runId = () => selection.current?.manifest.id;
    const content = new CostContent(
      new RunContent({
        runs,
        feeds,
        messages: metricsMessages,
        runId,
        locale: vscode.env.language,
        onSelect: this.#onSelect,
      }),
      { runs, runId, open: (run) => new EventTail(run.folder) },
    );
    const page = new LivePage(surfaceOfView(view), content, runs, log);
    const describe = () => {
      const { current } = selection;
      view.description = current ? runWords(current.manifest) : '';
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
    view.webview.options = webviewOptions(extensionUri);
    view.webview.html = pageOf(view.webview, extensionUri, 'metrics');
  }
}
