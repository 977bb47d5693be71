import { h, setText } from './dom.ts';

/** A polite live region. Updates come many times a second; the latest is announced at most once in `intervalMs`. */
export class Announcer {
  readonly element = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  readonly #intervalMs: number;
  #waiting: string | undefined;
  #timer: number | undefined;

  constructor(intervalMs = 10_000) {
    this.#intervalMs = intervalMs;
  }

  /** Announces a change that the user did not cause. */
  inform(text: string): void {
    this.#waiting = text;
    if (this.#timer === undefined) this.#speak();
  }

  /** Announces the result of what the user just did. */
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
