import './page.css';
import type { ReadyRequest } from '../src/extension/messages/run.ts';
import { Announcer } from './announcer.ts';
import { h, setText } from './dom.ts';
import { sendFilesTo } from './export/files.ts';

/** The frame of every panel: its title and content or, while there is nothing to show, a sentence that says why. */
export class Page {
  readonly announcer = new Announcer();
  readonly #content: HTMLElement;
  readonly #empty = h('p', { class: 'empty' }, 'Waiting for GRAIN…');

  /** @param name of the panel; also the class of the root element */
  constructor(root: HTMLElement, name: string, title: HTMLElement, ...content: HTMLElement[]) {
    this.#content = h('main', { hidden: true }, title, ...content);
    root.classList.add(name);
    root.append(this.#empty, this.#content, this.announcer.element);
  }

  showContent(): void {
    this.#empty.hidden = true;
    this.#content.hidden = false;
  }

  showEmpty(reason: string): void {
    setText(this.#empty, reason);
    this.#empty.hidden = false;
    this.#content.hidden = true;
    this.announcer.inform(reason);
  }
}

/** The element that the panel fills. */
export function rootElement(): HTMLElement {
  return document.getElementById('root') ?? document.body.appendChild(h('div', { id: 'root' }));
}

/** The extension host, as a page sees it. */
export interface Host<Reply, Request, State> {
  post(request: Request): void;
  /** What was saved when the page was last shown, by any version. */
  readonly saved: unknown;
  /** Saved state survives hiding the page, and a window reload. */
  setState(state: State): void;
  /** Asks for everything to show, and calls the listener for each message from now on. */
  listen(listener: (message: Reply) => void): void;
}

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
};

/** Messages come from the same build of the extension: their types are checked where both sides are compiled. */
export function connect<Reply, Request, State>(): Host<Reply, Request, State> {
  const api = acquireVsCodeApi();
  const ready: ReadyRequest = { type: 'ready' };
  sendFilesTo((request) => api.postMessage(request));
  return {
    saved: api.getState(),
    post: (request) => api.postMessage(request),
    setState: (state) => api.setState(state),
    listen: (listener) => {
      window.addEventListener('message', ({ data }: MessageEvent<Reply>) => listener(data));
      api.postMessage(ready);
    },
  };
}
