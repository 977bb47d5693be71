import { Badge, type Tone } from '../controls/badge.ts';
import { h, setText } from '../dom.ts';
import type { State, Verdict } from '../verdict.ts';

const TONES: Readonly<Record<State, Tone>> = {
  waiting: 'neutral',
  unmeasured: 'unknown',
  stationary: 'still',
  held: 'good',
  violated: 'bad',
  none: 'outlined',
  lost: 'warning',
  unknown: 'unknown',
};

/** State of the guarantee in the latest step, and how many steps of the run conflicted with a group. */
export class CertificateLine {
  readonly element: HTMLElement;
  readonly #badge = new Badge();
  readonly #now = h('span', { class: 'certificate-now' });
  readonly #past = h('span', { class: 'certificate-past' });
  readonly #updates = h('span', { class: 'certificate-updates' });

  constructor() {
    this.element = h(
      'p',
      { class: 'certificate' },
      this.#badge.element,
      this.#now,
      this.#past,
      this.#updates,
    );
  }

  show({ state, badge, now, past, updates }: Verdict, wasViolated: boolean): void {
    this.element.dataset.state = state;
    this.element.classList.toggle('alarm', wasViolated);
    this.#badge.show(badge, TONES[state]);
    setText(this.#now, now);
    setText(this.#past, past);
    setText(this.#updates, updates);
  }
}
