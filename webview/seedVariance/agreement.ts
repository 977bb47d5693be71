import type { SeedAgreement } from '../../src/extension/messages/seedVariance.ts';
import { h, setText } from '../dom.ts';
import { grouped, percent } from '../format.ts';

/** On which validation examples the seeds of each method differ; each opens in the predictions panel. */
export class AgreementSection {
  readonly element: HTMLElement;
  readonly #methods = h('div');
  readonly #onOpen: (aggregator: string, index: number | null) => void;
  #shown = '';

  /** @param onOpen called with the method, and with the number of an example or null for all */
  constructor(onOpen: (aggregator: string, index: number | null) => void) {
    this.#onOpen = onOpen;
    const title = h('h2', { id: 'agreement-title' }, 'Where seeds differ');
    this.element = h(
      'section',
      { class: 'figure wide agreement', 'aria-labelledby': 'agreement-title', hidden: true },
      title,
      this.#methods,
    );
  }

  show(agreements: readonly SeedAgreement[]): void {
    const key = JSON.stringify(agreements);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.hidden = agreements.length === 0;
    this.#methods.replaceChildren(...agreements.map((of) => this.#detailsOf(of)));
  }

  #detailsOf({ aggregator, runs, examples, churn, unanimous, disputed }: SeedAgreement) {
    const figures = `two of its ${runs} seeds differ on ${percent(churn)} of ${grouped(examples)} examples, all agree on ${percent(unanimous)}`;
    const all = h('button', { type: 'button' }, `All predictions of ${aggregator}`);
    all.addEventListener('click', () => this.#onOpen(aggregator, null));
    const details = h(
      'details',
      {},
      h('summary', {}, h('strong', {}, aggregator), `: ${figures}`),
      h(
        'ul',
        { 'aria-label': `Examples on which the seeds of ${aggregator} differ most` },
        ...disputed.map(({ index, target, answers }) => {
          const button = h('button', { type: 'button' });
          const said = answers.map(({ answer, runs }) => `${answer ?? 'none'} ×${runs}`).join(', ');
          setText(button, `row ${grouped(index)}: ${target} predicted as ${said}`);
          button.addEventListener('click', () => this.#onOpen(aggregator, index));
          return h('li', {}, button);
        }),
      ),
      all,
    );
    details.dataset.aggregator = aggregator;
    return details;
  }
}
