import type * as vscode from 'vscode';
import type { EmptyMessage, ReadyMessage } from '../messages/common.ts';
import type { WorkspaceRuns } from '../workspace/workspaceRuns.ts';
import type { Surface } from './surface.ts';

/** Four looks a second while something moves. */
const TICK_MS = 250;

/** What fills a page: one per kind of panel. */
export interface Content<ToWebview, ToHost> {
  /**
   * Posts what changed since the last call — everything, if `fresh`: the page has just been loaded.
   * Returns whether more is to be expected soon.
   */
  update(post: (message: ToWebview | EmptyMessage) => void, fresh: boolean): Promise<boolean>;
  receive(message: Exclude<ToHost, ReadyMessage>): void;
  dispose(): void;
}

/**
 * Keeps a webview up to date: everything when it is loaded, then what is new, and nothing while nobody sees it.
 * A hidden webview is destroyed by VS Code and says `ready` again when it comes back.
 */
export class LivePage<ToWebview, ToHost extends { readonly type: string }>
  implements vscode.Disposable
{
  readonly #surface: Surface;
  readonly #content: Content<ToWebview, ToHost>;
  readonly #log: vscode.LogOutputChannel;
  readonly #disposables: vscode.Disposable[];
  #loaded = false;
  #fresh = false;
  #timer: NodeJS.Timeout | undefined;
  #updating = false;
  #again = false;
  #lastError: string | undefined;

  constructor(
    surface: Surface,
    content: Content<ToWebview, ToHost>,
    runs: WorkspaceRuns,
    log: vscode.LogOutputChannel,
  ) {
    this.#surface = surface;
    this.#content = content;
    this.#log = log;
    this.#disposables = [
      content,
      runs.onDidChange(() => this.update()),
      surface.onDidChangeVisible(() => this.#visibilityChanged()),
      surface.webview.onDidReceiveMessage((message: ToHost | ReadyMessage) =>
        this.#receive(message),
      ),
    ];
  }

  /** Looks now; a call during a look makes one more look follow it. */
  async update(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#loaded || !this.#surface.visible) return;
    if (this.#updating) {
      this.#again = true;
      return;
    }
    this.#updating = true;
    const more = await this.#look();
    this.#updating = false;
    if (this.#again) {
      this.#again = false;
      return this.update();
    }
    if (more && this.#loaded) this.#timer = setTimeout(() => this.update(), TICK_MS);
  }

  /** Makes the next update post everything, as after loading. */
  restart(): void {
    this.#fresh = true;
    void this.update();
  }

  dispose(): void {
    this.#loaded = false;
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #look(): Promise<boolean> {
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
      this.#post({ type: 'empty', reason: `The run cannot be shown: ${message}` });
      return false;
    }
  }

  #receive(message: ToHost | ReadyMessage): void {
    if (message.type === 'ready') {
      this.#loaded = true;
      this.restart();
    } else {
      this.#content.receive(message as Exclude<ToHost, ReadyMessage>);
      this.restart();
    }
  }

  #visibilityChanged(): void {
    if (this.#surface.visible) void this.update();
    else this.#loaded = false;
  }

  #post(message: ToWebview | EmptyMessage): void {
    if (this.#loaded) void this.#surface.webview.postMessage(message);
  }
}
