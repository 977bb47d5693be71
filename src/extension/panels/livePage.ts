import type * as vscode from 'vscode';
import * as z from 'zod';
import { Disposable } from '../disposable.ts';
import { fileRequest } from '../messages/files.ts';
import { type EmptyMessage, readyRequest } from '../messages/run.ts';
import type { Selection } from '../workspace/selection.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import { pageHtml, type WebviewName, webviewOptions } from './html.ts';
import type { RunFeeds } from './runFeed.ts';
import { keep } from './saveFile.ts';

/** How often a page is updated while its runs are active. */
const UPDATE_MS = 250;

/** What panels are made from. */
export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  readonly runs: WorkspaceRuns;
  readonly selection: Selection;
  readonly feeds: RunFeeds;
  readonly log: vscode.LogOutputChannel;
}

/** What a page shows: one implementation per kind of panel. */
export interface Content<Reply, Request> {
  /** What the page may ask for, beside `ready`. */
  readonly requests: z.ZodType<Request>;
  /**
   * Posts what changed since the last call, or everything if `fresh`: the page has just been loaded.
   *
   * @returns whether more is expected soon
   */
  update(post: (message: Reply | EmptyMessage) => void, fresh: boolean): Promise<boolean>;
  receive(request: Request): void;
  dispose(): void;
}

/**
 * Loads a page into a webview and keeps it up to date: everything once it is ready, then what is new, and nothing while
 * it is hidden. VS Code destroys a hidden webview; when visible again it is loaded anew.
 */
export class LivePage<Reply, Request> extends Disposable {
  readonly #view: vscode.WebviewPanel | vscode.WebviewView;
  readonly #content: Content<Reply, Request>;
  readonly #log: vscode.LogOutputChannel;
  #ready = false;
  #fresh = false;
  #timer: NodeJS.Timeout | undefined;
  #updating = false;
  #again = false;
  #lastError: string | undefined;

  constructor(
    view: vscode.WebviewPanel | vscode.WebviewView,
    name: WebviewName,
    content: Content<Reply, Request>,
    { extensionUri, runs, log }: PanelServices,
  ) {
    super();
    this.#view = view;
    this.#content = this.register(content);
    this.#log = log;
    const { webview } = view;
    const onDidChangeVisible: vscode.Event<unknown> =
      'onDidChangeViewState' in view ? view.onDidChangeViewState : view.onDidChangeVisibility;
    this.register(runs.onDidChange(() => this.update()));
    this.register(onDidChangeVisible(() => this.#visibilityChanged()));
    this.register(webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    webview.options = webviewOptions(extensionUri);
    webview.html = pageHtml(webview, extensionUri, name);
  }

  /** Does what the page might have asked for. */
  request(request: Request): void {
    this.#content.receive(request);
    void this.update();
  }

  /** Updates the page now; a call during an update makes one more follow it. */
  async update(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#ready || !this.#view.visible) return;
    if (this.#updating) {
      this.#again = true;
      return;
    }
    this.#updating = true;
    const more = await this.#updateContent();
    this.#updating = false;
    if (this.#again) {
      this.#again = false;
      return this.update();
    }
    if (more && this.#ready) this.#timer = setTimeout(() => this.update(), UPDATE_MS);
  }

  override dispose(): void {
    this.#ready = false;
    clearTimeout(this.#timer);
    super.dispose();
  }

  async #updateContent(): Promise<boolean> {
    const fresh = this.#fresh;
    this.#fresh = false;
    try {
      const more = await this.#content.update((message) => this.#post(message), fresh);
      this.#lastError = undefined;
      return more;
    } catch (error) {
      const { message } = error as Error;
      this.#fresh = true;
      if (message !== this.#lastError) this.#log.error(error as Error);
      this.#lastError = message;
      this.#post({ type: 'empty', reason: `Cannot show the run: ${message}` });
      return false;
    }
  }

  #receive(message: unknown): void {
    if (readyRequest.safeParse(message).success) {
      this.#ready = true;
      this.#fresh = true;
    } else {
      const file = fileRequest.safeParse(message);
      if (file.success) return void keep(file.data);
      const { data, error } = this.#content.requests.safeParse(message);
      if (error) {
        this.#log.warn(`Ignored a message of a panel: ${z.prettifyError(error)}`);
        return;
      }
      this.#content.receive(data);
    }
    void this.update();
  }

  #visibilityChanged(): void {
    if (this.#view.visible) void this.update();
    else this.#ready = false;
  }

  #post(message: Reply | EmptyMessage): void {
    if (this.#ready) void this.#view.webview.postMessage(message);
  }
}
