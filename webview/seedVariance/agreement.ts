import type { SeedAgreement } from '../../src/extension/messages/seedVariance.ts';
import type { Announcer } from '../announcer.ts';
import { h, setText } from '../dom.ts';
import { grouped, percent } from '../format.ts';
import { SeedMatrix } from './seedMatrix.ts';

type Open = (aggregator: string, index: number | null) => void;

/** On which validation examples the seeds of each method differ; each opens in the predictions panel. */
export class AgreementSection {
  readonly element: HTMLElement;
  readonly #methods = h('div');
  readonly #announcer: Announcer;
  readonly #onOpen: Open;
  /** By method: one that was opened stays open while more of its runs end. */
  readonly #details = new Map<string, MethodAgreement>();

  /** @param onOpen called with the method, and with the number of an example or null for all */
  constructor(announcer: Announcer, onOpen: Open) {
    this.#announcer = announcer;
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
    this.element.hidden = agreements.length === 0;
    for (const [aggregator, { element }] of this.#details) {
      if (agreements.some((of) => of.aggregator === aggregator)) continue;
      element.remove();
      this.#details.delete(aggregator);
    }
    for (const of of agreements) {
      const known = this.#details.get(of.aggregator) ?? this.#added(of.aggregator);
      known.show(of);
    }
  }

  #added(aggregator: string): MethodAgreement {
    const added = new MethodAgreement(aggregator, this.#announcer, this.#onOpen);
    this.#details.set(aggregator, added);
    this.#methods.append(added.element);
    return added;
  }
}

/** Of one method: how far its seeds agree, each two of them, and the examples on which they differ most. */
class MethodAgreement {
  readonly element: HTMLDetailsElement;
  readonly #aggregator: string;
  readonly #onOpen: Open;
  readonly #figures = h('span');
  readonly #examples: HTMLElement;
  readonly #matrix: SeedMatrix;
  #shown = '';

  constructor(aggregator: string, announcer: Announcer, onOpen: Open) {
    this.#aggregator = aggregator;
    this.#onOpen = onOpen;
    this.#examples = h('ul', {
      'aria-label': `Examples on which the seeds of ${aggregator} differ most`,
    });
    this.#matrix = new SeedMatrix({
      id: `churn-${aggregator.replaceAll(/\W+/g, '-')}`,
      title: `Churn of ${aggregator}`,
      help: 'Share of the validation examples on which two seeds predict different things.',
      quantity: 'differ on',
      format: (share) => percent(share),
      from: 0,
      announcer,
    });
    const all = h('button', { type: 'button' }, `All predictions of ${aggregator}`);
    all.addEventListener('click', () => onOpen(aggregator, null));
    const summary = h('summary', {}, h('strong', {}, aggregator), this.#figures);
    this.element = h('details', {}, summary, this.#examples, all, this.#matrix.element);
    this.element.dataset.aggregator = aggregator;
    // A chart in what is closed has no size.
    this.element.addEventListener('toggle', () => this.#matrix.redraw());
  }

  show(agreement: SeedAgreement): void {
    const key = JSON.stringify(agreement);
    if (key === this.#shown) return;
    this.#shown = key;
    const { runs, examples, churn, unanimous, disputed, seeds, matrix } = agreement;
    setText(
      this.#figures,
      `: two of its ${runs} seeds differ on ${percent(churn)} of ${grouped(examples)} examples, all agree on ${percent(unanimous)}`,
    );
    this.#examples.replaceChildren(...disputed.map((example) => this.#lineOf(example)));
    this.#matrix.show({
      rows: seeds,
      columns: seeds,
      // No seed differs from itself.
      values: matrix.map((row, i) => row.map((share, j) => (i === j ? null : share))),
    });
  }

  #lineOf({ index, target, answers }: SeedAgreement['disputed'][number]): HTMLElement {
    const button = h('button', { type: 'button' });
    const said = answers.map(({ answer, runs }) => `${answer ?? 'none'} ×${runs}`).join(', ');
    setText(button, `row ${grouped(index)}: ${target} predicted as ${said}`);
    button.addEventListener('click', () => this.#onOpen(this.#aggregator, index));
    return h('li', {}, button);
  }
}
