import { h } from '../dom.ts';

let made = 0;

/** A button that opens a small box of buttons and fields beside it; Escape or a click elsewhere closes it. */
export class Menu {
  readonly button: HTMLButtonElement;
  readonly #box: HTMLElement;

  /** @param text of the button @param label what the menu is of, for its name */
  constructor(text: string, label: string, ...content: readonly HTMLElement[]) {
    const id = `menu-${++made}`;
    this.button = h(
      'button',
      {
        class: 'menu-button',
        type: 'button',
        popovertarget: id,
        'aria-label': label,
        'aria-haspopup': 'dialog',
        title: label,
      },
      text,
    );
    this.#box = h(
      'div',
      { id, class: 'menu', popover: 'auto', role: 'dialog', 'aria-label': label },
      ...content,
    );
    this.#box.addEventListener('click', ({ target }) => {
      if (target instanceof HTMLElement && target.matches('.action')) this.#box.hidePopover();
    });
  }

  get elements(): readonly HTMLElement[] {
    return [this.button, this.#box];
  }
}

/** A button of a menu. */
export function action(label: string, run: () => void): HTMLButtonElement {
  const button = h('button', { class: 'action', type: 'button' }, label);
  button.addEventListener('click', run);
  return button;
}
