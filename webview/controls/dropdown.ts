import { newDropdown, newOption } from './toolkit.ts';

export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** A labelled list of choices, one of which is chosen. */
export class ChoiceList {
  readonly element = newDropdown();
  #choices: readonly Choice[] = [];
  #chosen = '';

  constructor(label: string, onChoose: (id: string) => void) {
    this.element.setAttribute('aria-label', label);
    this.element.addEventListener('change', () => {
      if (this.element.value === this.#chosen) return;
      this.#chosen = this.element.value;
      onChoose(this.#chosen);
    });
  }

  show(choices: readonly Choice[], chosen: string): void {
    const same =
      choices.length === this.#choices.length &&
      choices.every(({ id, label }, i) => {
        const old = this.#choices[i];
        return old?.id === id && old.label === label;
      });
    if (!same) {
      this.#choices = choices;
      this.element.replaceChildren(...choices.map(({ id, label }) => newOption(id, label)));
    }
    this.#chosen = chosen;
    // The list learns of its new options in a later task, and would forget a value set before that.
    queueMicrotask(() => {
      this.element.value = chosen;
    });
    this.element.title = choices.find(({ id }) => id === chosen)?.label ?? '';
  }
}
