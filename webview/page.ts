import './page.css';
import { Announcer } from './announcer.ts';
import { h, setText } from './dom.ts';

/** The frame of every panel: a title, the content, and in their place a sentence while there is nothing to show. */
export class Page {
  readonly announcer = new Announcer();
  readonly #content: HTMLElement;
  readonly #empty = h('p', { class: 'empty' }, 'Waiting for GRAIN…');

  /** @param name the panel's, also the class of the root element. */
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
