/**
 * The one module that uses @vscode/webview-ui-toolkit, which is deprecated upstream: to replace it, change this file and
 * keep what it exports.
 */
import {
  type Dropdown,
  provideVSCodeDesignSystem,
  vsCodeDropdown,
  vsCodeOption,
} from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(vsCodeDropdown(), vsCodeOption());

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
    // The dropdown registers new options in a later task, and would lose a value set before that.
    queueMicrotask(() => {
      this.element.value = chosen;
    });
    this.element.title = choices.find(({ id }) => id === chosen)?.label ?? '';
  }
}

function newDropdown(): Dropdown {
  return document.createElement('vscode-dropdown') as Dropdown;
}

function newOption(value: string, label: string): HTMLElement {
  const option = document.createElement('vscode-option');
  option.setAttribute('value', value);
  option.textContent = label;
  return option;
}
