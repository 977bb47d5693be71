import * as vscode from 'vscode';
import { pageOf, type WebviewName, webviewOptions } from './html.ts';
import { type Content, LivePage } from './livePage.ts';
import type { Services } from './services.ts';
import { surfaceOfPanel } from './surface.ts';

/** One kind of editor panel; each panel of it shows one subject, such as a run. */
export interface PanelKind<ToWebview, ToHost> {
  readonly name: WebviewName;
  title(subject: string): string;
  /** The subject named by what the webview kept before a reload, or else the current one. */
  subjectOf(state: unknown): string;
  content(
    subject: () => string,
    change: (subject: string) => void,
    state: unknown,
  ): Content<ToWebview, ToHost>;
}

interface OpenPanel {
  subject: string;
  page?: vscode.Disposable;
}

/** The open panels of one kind, brought back after a window reload. */
export class PanelGroup<ToWebview, ToHost extends { readonly type: string }>
  implements vscode.WebviewPanelSerializer, vscode.Disposable
{
  readonly #kind: PanelKind<ToWebview, ToHost>;
  readonly #services: Services;
  readonly #open = new Map<vscode.WebviewPanel, OpenPanel>();
  readonly #serializer: vscode.Disposable;

  constructor(kind: PanelKind<ToWebview, ToHost>, services: Services) {
    this.#kind = kind;
    this.#services = services;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(this.#viewType, this);
  }

  /** Shows the panel of a subject, an open one if there is one. */
  open(subject: string): void {
    for (const [panel, shown] of this.#open) {
      if (shown.subject !== subject) continue;
      panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      this.#viewType,
      this.#kind.title(subject),
      vscode.ViewColumn.Active,
    );
    this.#fill(panel, subject, undefined);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    await this.#services.runs.ready;
    this.#fill(panel, this.#kind.subjectOf(state), state);
  }

  dispose(): void {
    this.#serializer.dispose();
    // The tabs themselves stay, for the window that comes after a reload.
    for (const { page } of this.#open.values()) page?.dispose();
  }

  get #viewType(): string {
    return `grain.${this.#kind.name}`;
  }

  #fill(panel: vscode.WebviewPanel, subject: string, state: unknown): void {
    const { extensionUri, runs, log } = this.#services;
    const shown: OpenPanel = { subject };
    const change = (next: string) => {
      shown.subject = next;
      panel.title = this.#kind.title(next);
    };
    const content = this.#kind.content(() => shown.subject, change, state);
    shown.page = new LivePage(surfaceOfPanel(panel), content, runs, log);
    this.#open.set(panel, shown);
    panel.onDidDispose(() => {
      this.#open.delete(panel);
      shown.page?.dispose();
    });
    change(subject);
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'tab.svg');
    panel.webview.options = webviewOptions(extensionUri);
    panel.webview.html = pageOf(panel.webview, extensionUri, this.#kind.name);
  }
}
