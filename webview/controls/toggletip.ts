import { h } from '../dom.ts';

let made = 0;

/**
 * A visible "?" whose sentence opens by a click or Enter and closes by Escape or a click elsewhere; a screen reader says it with the
 * button.
 */
export class Toggletip {
  readonly elements: readonly [HTMLButtonElement, HTMLElement];

  /** @param about what is explained, as it is written beside the button */
  constructor(about: string, sentence: string) {
    const id = `tip-${++made}`;
    // The mark is drawn by the style sheet: in tables and titles it is no part of the text.
    const button = h('button', {
      class: 'tip-button',
      type: 'button',
      popovertarget: id,
      'aria-label': `What is “${about}”?`,
      'aria-describedby': id,
      title: sentence,
    });
    this.elements = [
      button,
      h('div', { id, class: 'tip', popover: 'auto', role: 'note' }, sentence),
    ];
  }
}
