import { h, setText } from './dom.ts';

/** A polite live region. News comes many times a second; it is spoken at most once in `intervalMs`, the latest first. */
export class Announcer {
  readonly element = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  readonly #intervalMs: number;
  #waiting: string | undefined;
  #timer: number | undefined;

  constructor(intervalMs = 10_000) {
    this.#intervalMs = intervalMs;
  }

  /** For what changes by itself. */
  inform(text: string): void {
    this.#waiting = text;
    if (this.#timer === undefined) this.#speak();
  }

  /** For the answer to what the user just did. */
  answer(text: string): void {
    setText(this.element, text);
  }

  #speak(): void {
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    setText(this.element, this.#waiting);
    this.#waiting = undefined;
    this.#timer = window.setTimeout(() => this.#speak(), this.#intervalMs);
  }
}
