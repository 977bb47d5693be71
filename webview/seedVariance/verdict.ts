import type { SeedVerdict } from '../../src/extension/messages/seedVariance.ts';
import { Announcer } from '../announcer.ts';
import { h, setText } from '../dom.ts';

/** What the experiment shows, in words: first in the panel. */
export class VerdictSection {
  readonly element: HTMLElement;
  readonly #words = h('div', { class: 'words' });
  readonly #notes = h('ul', { class: 'note' });
  /** Of its own: values arrive many times between two verdicts, and must not push one out. */
  readonly #announcer = new Announcer();
  readonly #addSeeds = h(
    'button',
    { type: 'button', class: 'add-seeds', hidden: true },
    'Add seeds…',
  );
  #announced = '';

  /** @param onAddSeeds called when more seeds are asked for */
  constructor(onAddSeeds: () => void) {
    this.#addSeeds.addEventListener('click', onAddSeeds);
    const title = h('h2', { id: 'verdict-title' }, 'Verdict');
    this.element = h(
      'section',
      { class: 'verdict', 'aria-labelledby': 'verdict-title' },
      title,
      this.#words,
      this.#notes,
      this.#addSeeds,
      this.#announcer.element,
    );
  }

  show({ words, notes }: SeedVerdict, canAddSeeds: boolean): void {
    this.#addSeeds.hidden = !canAddSeeds;
    patch(this.#words, 'p', words);
    patch(this.#notes, 'li', notes);
    this.#notes.hidden = notes.length === 0;
    const said = words.join(' ');
    if (said !== this.#announced) this.#announcer.inform(`Verdict: ${said}`);
    this.#announced = said;
  }
}

/** An element for each text; those that stay the same are not touched. */
function patch(parent: HTMLElement, tag: 'p' | 'li', texts: readonly string[]): void {
  while (parent.children.length > texts.length) parent.lastElementChild!.remove();
  for (const [i, text] of texts.entries()) {
    setText(parent.children[i] ?? parent.appendChild(h(tag)), text);
  }
}
